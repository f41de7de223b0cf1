import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { Chosen, ChoiceFlags } from './resources/chosen-objects.ts'
import { addRolloutHistory } from './rollout-history.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ChoiceFlags {
  readonly timeout?: string
}

const restartable = new Set(['Deployment', 'DaemonSet', 'StatefulSet'])
const restartedAt = 'kubectl.kubernetes.io/restartedAt'

/** `myorch rollout status | restart | pause | resume | history | undo`. */
export function addRollout(program: Command): void {
  const rollout = program
    .command('rollout')
    .description('See a new version of pods through, or have them made anew')
  const status = verb(rollout, 'status', 'Wait until all pods are of the new version').option(
    '--timeout <time>',
    'for how long, like 60s; 0s: as long as it takes',
    '0s',
  )
  addSessionAction<Flags>(status, async (session, words, flags) => {
    const { followRollout } = await import('./resources/follow-rollout.ts')
    const { readGoDuration } = await import('./resources/go-duration.ts')
    const timeout = readGoDuration('timeout', flags.timeout ?? '0s', 'rollout status')
    await each(session, words, flags, async (chosen) => followRollout(session, chosen, timeout))
  })
  const restart = verb(rollout, 'restart', 'Have all pods made anew, a few at a time')
  addSessionAction<Flags>(restart, async (session, words, flags) =>
    each(session, words, flags, async (chosen) => restartOne(session, chosen)),
  )
  for (const [name, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    const what = paused ? 'Let a deployment stay as it is, whatever changes' : 'Let it go on'
    addSessionAction<Flags>(verb(rollout, name, what), async (session, words, flags) =>
      each(session, words, flags, async (chosen) => setPaused(session, chosen, paused)),
    )
  }
  addRolloutHistory((name, description) => verb(rollout, name, description))
}

function verb(rollout: Command, name: string, description: string): Command {
  const command = rollout
    .command(name)
    .description(description)
    .argument('[target...]', 'TYPE NAME…, TYPE/NAME…')
  return addChoiceFlags(command)
}

async function each(
  session: Session,
  words: readonly string[],
  flags: Flags,
  work: (chosen: Chosen) => Promise<void>,
): Promise<void> {
  const { chooseAll, eachChosen } = await import('./resources/chosen-objects.ts')
  await eachChosen(await chooseAll(session, words, flags), work)
}

async function change(session: Session, chosen: Chosen, body: object, done: string): Promise<void> {
  const { chosenName, chosenPath } = await import('./resources/chosen-objects.ts')
  await session.send({
    method: 'PATCH',
    path: `${chosenPath(chosen)}?fieldManager=kubectl-rollout`,
    body,
    contentType: 'application/strategic-merge-patch+json',
  })
  process.stdout.write(`${chosenName(chosen)} ${done}\n`)
}

async function restartOne(session: Session, chosen: Chosen): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { spec } = await readChosen(session, chosen)
  const { fullName } = await import('./resources/discover.ts')
  const full = fullName(chosen.resource)
  if (!restartable.has(chosen.resource.kind))
    throw new CommandFailure(`${full} "${chosen.name}" restarting is not supported`)
  if (spec?.['paused'] === true)
    throw new CommandFailure(
      `${full} "${chosen.name}" can't restart paused deployment (run rollout resume first)`,
    )
  const time = `${new Date().toISOString().slice(0, 19)}Z`
  const metadata = { annotations: { [restartedAt]: time } }
  await change(session, chosen, { spec: { template: { metadata } } }, 'restarted')
}

async function setPaused(session: Session, chosen: Chosen, paused: boolean): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { spec } = await readChosen(session, chosen)
  const { fullName } = await import('./resources/discover.ts')
  if (chosen.resource.kind !== 'Deployment')
    throw new CommandFailure(
      `${fullName(chosen.resource)} "${chosen.name}" ${paused ? 'pausing' : 'resuming'} is not supported`,
    )
  if ((spec?.['paused'] === true) === paused)
    throw new CommandFailure(
      `deployments.apps "${chosen.name}" is ${paused ? 'already' : 'not'} paused`,
    )
  await change(session, chosen, { spec: { paused } }, paused ? 'paused' : 'resumed')
}
