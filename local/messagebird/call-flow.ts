import { z } from 'zod';

/** The largest call flow MessageBird takes, in bytes. */
export const maxCallFlowBytes = 32 * 1024;

const languages = new Set(
  (
    'bg-BG cs-CZ cy-GB da-DK de-DE el-GR en-AU en-GB-WLS en-GB en-IN en-US es-ES es-MX es-US fr-CA fr-FR ' +
    'hr-HR id-ID is-IS it-IT ja-JP ko-KR ms-MY nb-NO nl-NL pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sv-SE ta-IN ' +
    'th-TH tr-TR vi-VN zh-CN zh-HK'
  )
    .toLowerCase()
    .split(' ')
);

const webUrl = z
  .string()
  .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an absolute http or https URL');

const language = z
  .string()
  .refine((code) => languages.has(code.toLowerCase()), 'must be a language MessageBird can speak');

// The separate voice message API stops at 1,000 characters, so longer texts are a risk here too.
const spokenText = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(1000, 'must be at most 1,000 characters');

const stepId = z.string().min(1).optional();

/** Key input is taken during say, play and pause only; the keys stand on the step, never in its options. */
const keyInput = {
  onKeypressGoto: z.string().min(1).optional(),
  onKeypressVar: z.string().regex(/^\w+$/, 'must be made of letters, digits and _').optional(),
  endKey: z
    .string()
    .regex(/^[0-9*#]$/, 'must be one key')
    .optional(),
  maxNumKeys: z.int().min(1).optional()
};

const say = z.strictObject({
  id: stepId,
  action: z.literal('say'),
  options: z.strictObject({
    payload: spokenText,
    language,
    voice: z.enum(['male', 'female']),
    repeat: z.int().min(1).max(10).optional(),
    ifMachine: z.enum(['continue', 'delay', 'hangup']).optional(),
    machineTimeout: z.int().min(400).max(10_000).optional()
  }),
  ...keyInput
});

const mediaFile = webUrl.refine((url) => /\.(wav|mp3)$/i.test(url), 'must end in .wav or .mp3');

const play = z.strictObject({
  id: stepId,
  action: z.literal('play'),
  options: z.strictObject({
    media: z.union([
      mediaFile,
      z.array(mediaFile.refine((url) => /\.wav$/i.test(url), 'must be .wav files only')).min(1)
    ])
  }),
  ...keyInput
});

const pause = z.strictObject({
  id: stepId,
  action: z.literal('pause'),
  options: z.strictObject({ length: z.number().positive() }),
  ...keyInput
});

const record = z.strictObject({
  id: stepId,
  action: z.literal('record'),
  options: z.strictObject({
    maxLength: z.int().min(0).optional(),
    timeout: z.int().positive().optional(),
    finishOnKey: z.enum(['any', '#', '*', 'none']).optional(),
    transcribe: z.boolean().optional(),
    transcribeLanguage: z.string().optional(),
    onFinish: webUrl.optional()
  })
});

const fetchCallFlow = z.strictObject({
  id: stepId,
  action: z.literal('fetchCallFlow'),
  options: z.strictObject({ url: webUrl })
});

const transfer = z.strictObject({
  id: stepId,
  action: z.literal('transfer'),
  options: z.strictObject({
    destination: z
      .string()
      .regex(/^(\+?\d{3,15}|sips?:.+|client:.+)$/, 'must be a number or a sip: or client: URI'),
    record: z.enum(['in', 'out', 'both']).optional(),
    mask: z.boolean().optional()
  })
});

const sendKeys = z.strictObject({
  id: stepId,
  action: z.literal('sendKeys'),
  options: z.strictObject({
    keys: z.string().regex(/^[0-9*#]+$/, 'must be keys'),
    duration: z.int().positive().optional(),
    interval: z.int().positive().optional()
  })
});

const hangup = z.strictObject({
  id: stepId,
  action: z.literal('hangup'),
  options: z.strictObject({}).optional()
});

const actions = [say, play, pause, record, fetchCallFlow, transfer, sendKeys, hangup] as const;

const step = z.discriminatedUnion('action', actions, {
  error: (issue) => (issue.code === 'invalid_union' ? 'action is not one that MessageBird knows' : undefined)
});

const callFlow = z
  .strictObject({
    id: z.string().optional(),
    title: z.string().optional(),
    record: z.boolean().optional(),
    default: z.boolean().optional(),
    createdAt: z.string().optional(),
    updatedAt: z.string().optional(),
    steps: z.array(step).min(1, 'must not be empty')
  })
  .superRefine(({ steps }, context) => {
    const ids = new Set<string>();
    steps.forEach(({ id }, index) => {
      if (id === undefined) return;
      if (ids.has(id))
        context.addIssue({ code: 'custom', path: ['steps', index, 'id'], message: 'is used twice' });
      ids.add(id);
    });
    steps.forEach((one, index) => {
      for (const message of keyInputProblems(one, ids))
        context.addIssue({ code: 'custom', path: ['steps', index], message });
    });
  });

export type FlowStep = z.infer<typeof step>;
export type CallFlow = z.infer<typeof callFlow>;
/** A step that can take keys. */
export type KeyStep = Extract<FlowStep, { action: 'say' | 'play' | 'pause' }>;

/** A call flow that MessageBird would run, or the reasons why not, each a sentence. */
export type CheckedCallFlow =
  { flow: CallFlow; problems?: undefined } | { flow?: undefined; problems: string[] };

/**
 * Checks an answer's body as strictly as the stand-in runs it: unknown actions and keys, missing options, bad gotos,
 * ids used twice, unlisted languages and more than 32 KB are problems.
 * `conditions` is refused too: how MessageBird evaluates them is not documented.
 */
export function checkCallFlow(body: string): CheckedCallFlow {
  const bytes = Buffer.byteLength(body);
  if (bytes > maxCallFlowBytes)
    return { problems: [`The call flow has ${bytes} bytes; MessageBird takes at most ${maxCallFlowBytes}.`] };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { problems: ['The call flow is not valid JSON.'] };
  }
  const result = callFlow.safeParse(json);
  if (result.success) return { flow: result.data };
  return { problems: result.error.issues.map(toSentence) };
}

/**
 * What MessageBird would run but a careful author avoids, each a sentence: paths that run off the end without hangup
 * (what then happens is not documented) and steps that can never be reached.
 */
export function callFlowAdvice({ steps }: CallFlow): string[] {
  const advice: string[] = [];
  const reached = reachableSteps(steps);
  steps.forEach((one, index) => {
    if (!reached.has(index)) advice.push(`Step ${nameStep(one, index)} can never be reached.`);
  });
  const last = steps.at(-1);
  if (last && reached.has(steps.length - 1) && !endsFlow(last))
    advice.push(
      `The flow runs off its end after step ${nameStep(last, steps.length - 1)}; end it with hangup.`
    );
  return advice;
}

/** Whether nothing after the step runs. A record step with onFinish goes on with the flow fetched from there. */
export function endsFlow(one: FlowStep): boolean {
  return (
    one.action === 'hangup' ||
    one.action === 'fetchCallFlow' ||
    one.action === 'transfer' ||
    (one.action === 'record' && one.options.onFinish !== undefined)
  );
}

/** Whether keys pressed during the step are taken. */
export function listens(one: FlowStep): one is KeyStep & { onKeypressGoto: string } {
  return 'onKeypressGoto' in one && one.onKeypressGoto !== undefined;
}

function reachableSteps(steps: FlowStep[]): Set<number> {
  const reached = new Set<number>();
  const open = [0];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const one = steps[index];
    if (one === undefined || reached.has(index)) continue;
    reached.add(index);
    // What follows a transfer may run when it comes to nothing.
    if (!endsFlow(one) || one.action === 'transfer') open.push(index + 1);
    if (listens(one)) open.push(steps.findIndex(({ id }) => id === one.onKeypressGoto));
  }
  return reached;
}

function keyInputProblems(one: FlowStep, ids: Set<string>): string[] {
  if (one.action !== 'say' && one.action !== 'play' && one.action !== 'pause') return [];
  if (one.onKeypressGoto === undefined) {
    const idle = [one.onKeypressVar, one.endKey, one.maxNumKeys].some((key) => key !== undefined);
    return idle ? ['takes keys but has no onKeypressGoto to go to'] : [];
  }
  return ids.has(one.onKeypressGoto)
    ? []
    : [`goes to ${one.onKeypressGoto}, which is not a step of the flow`];
}

function nameStep(one: FlowStep, index: number): string {
  return one.id === undefined ? `${index} (${one.action})` : `"${one.id}"`;
}

function toSentence(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const where = path === '' ? 'The call flow' : path.slice(1);
  return `${where}: ${issue.message}.`;
}
