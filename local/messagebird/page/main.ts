import type { LineSwitches, NumberedEvent } from '../live-call.ts';
import type { SimulatorConfig } from '../simulator.ts';
import { byId, recall, remember } from './dom.ts';
import { Keypad } from './keypad.ts';
import { Line } from './line.ts';
import { Messages } from './messages.ts';
import { Numbers } from './numbers.ts';
import { Requests } from './requests.ts';
import { Speaker, whenVoicesAreThere } from './speech.ts';
import { Status } from './status.ts';
import { Transcript } from './transcript.ts';

const transcript = new Transcript();
const requests = new Requests();
const status = new Status();
const speaker = new Speaker();
const keypad = new Keypad((key) => line?.press(key));
const messages = new Messages({ type: typeCode, arrived: countUnread });
const numbers = new Numbers((digits) => messages.show(digits), clinicChanged);

const problem = byId('number-problem', HTMLParagraphElement);
const callButton = byId('call', HTMLButtonElement);
const speech = byId('speech', HTMLInputElement);
const tones = byId('tones', HTMLInputElement);
const lineSwitches = ['duplicate', 'dropNext', 'clearVariables', 'carryKeys'].map((id) =>
  byId(id, HTMLInputElement)
);

function clinicChanged(): void {
  status.ready(numbers.clinicName);
  messages.showTimesIn(numbers.timeZone);
}

let line: Line | undefined;
/** The turn of the prompt that was said last. */
let promptTurn = 0;

start().catch(standInGone);

async function start(): Promise<void> {
  messages.show(numbers.caller);
  tones.checked = recall('tones', isBoolean) ?? true;
  whenVoicesAreThere(() => (speech.checked = recall('speech', isBoolean) ?? true));
  byId('numbers', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    if (line) line.hangUp();
    else void dial();
  });
  speech.addEventListener('change', () => {
    remember('speech', speech.checked);
    line?.switch(switches());
    if (speech.checked) return;
    // Whoever mutes a prompt has heard enough of it.
    speaker.stop();
    line?.played(promptTurn);
  });
  tones.addEventListener('change', () => remember('tones', tones.checked));
  for (const one of lineSwitches) one.addEventListener('change', () => line?.switch(switches()));
  for (const button of document.querySelectorAll<HTMLButtonElement>('.parts button'))
    button.addEventListener('click', () => showPart(button.dataset.part ?? 'phone'));

  const config = (await (await fetch('/config')).json()) as SimulatorConfig;
  numbers.offer(config.clinics);
  clinicChanged();
  callButton.disabled = false;
  if (config.siteUrl !== null) {
    const link = byId('site', HTMLAnchorElement);
    link.href = config.siteUrl;
    link.hidden = false;
  }
}

async function dial(): Promise<void> {
  problem.textContent = '';
  callButton.disabled = true;
  try {
    const withheld = byId('withheld', HTMLInputElement).checked;
    const dialling = { from: numbers.from, to: numbers.to, withheld, switches: switches() };
    transcript.clear();
    line = await Line.dial(dialling, happen, lost);
    requests.clear(line.id);
    numbers.complete(line.from);
    messages.show(numbers.caller);
    setInCall(true);
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    callButton.disabled = false;
  }
}

function happen({ event, atMs }: NumberedEvent): void {
  transcript.add(event);
  requests.add(event);
  status.show(event, atMs, numbers.clinicName);
  if (event.type === 'said' || event.type === 'played') promptTurn = event.turn;
  switch (event.type) {
    case 'said':
      if (speech.checked) speaker.speak(event, () => line?.played(event.turn));
      break;
    case 'played':
      if (speech.checked) speaker.wait(event.lastsMs, () => line?.played(event.turn));
      break;
    case 'pressed':
      if (event.heard) speaker.stop();
      break;
    case 'ended':
      speaker.stop();
      setInCall(false);
      break;
  }
}

function standInGone(): void {
  problem.textContent = 'The connection to the stand-in is lost; is it still running?';
}

function lost(): void {
  if (!line) return;
  standInGone();
  speaker.stop();
  setInCall(false);
}

function setInCall(inCall: boolean): void {
  if (!inCall) line = undefined;
  numbers.inCall(inCall);
  keypad.enable(inCall);
  byId('withheld', HTMLInputElement).disabled = inCall;
  callButton.dataset.inCall = String(inCall);
  byId('call-label', HTMLSpanElement).textContent = inCall ? 'Hang up' : 'Call';
  const [, dropNext] = lineSwitches;
  // A line that broke once is mended for the next call.
  if (!inCall && dropNext) dropNext.checked = false;
}

function switches(): LineSwitches {
  const chosen = Object.fromEntries(lineSwitches.map(({ id, checked }) => [id, checked]));
  const none = { duplicate: false, dropNext: false, clearVariables: false, carryKeys: false };
  return { ...none, ...chosen, speech: speech.checked };
}

function typeCode(digits: string): boolean {
  if (!line) return false;
  for (const digit of digits) keypad.press(digit);
  return true;
}

const unread = byId('unread', HTMLSpanElement);

function countUnread(): void {
  if (shownPart() === 'messages') return;
  const count = Number(unread.textContent) + 1;
  unread.textContent = String(count);
  unread.hidden = false;
}

function shownPart(): string | undefined {
  return document.querySelector('main')?.dataset.part;
}

/** On a small screen one part is shown at a time. */
function showPart(part: string): void {
  const main = document.querySelector('main');
  if (main) main.dataset.part = part;
  for (const button of document.querySelectorAll<HTMLButtonElement>('.parts button'))
    button.setAttribute('aria-pressed', String(button.dataset.part === part));
  if (part !== 'messages') return;
  unread.textContent = '';
  unread.hidden = true;
  messages.showNewest();
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}
