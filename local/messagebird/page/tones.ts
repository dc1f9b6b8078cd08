const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477];
const layout = '123456789*0#';

let audio: AudioContext | undefined;

/** Sounds the two tones of a phone key. */
export function sound(key: string): void {
  const place = layout.indexOf(key);
  const [low, high] = [rows[Math.floor(place / 3)], columns[place % 3]];
  if (low === undefined || high === undefined) return;
  audio ??= new AudioContext();
  void audio.resume();
  const { currentTime: now, destination } = audio;
  const volume = audio.createGain();
  // A short fade at both ends keeps the tone from clicking.
  volume.gain.setValueAtTime(0, now);
  volume.gain.linearRampToValueAtTime(0.12, now + 0.01);
  volume.gain.setValueAtTime(0.12, now + 0.12);
  volume.gain.linearRampToValueAtTime(0, now + 0.15);
  volume.connect(destination);
  for (const frequency of [low, high]) {
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start(now);
    tone.stop(now + 0.16);
  }
}
