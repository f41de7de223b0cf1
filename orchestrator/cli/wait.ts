import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { Chosen, ChoiceFlags } from './resources/chosen-objects.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { WaitFor } from './resources/wait-for.ts'

interface Flags extends ClientFlags, ChoiceFlags {
  readonly for?: string
  readonly timeout: string
  readonly output?: string
}

const examples = `
Examples:
  myorch wait deployment/web --for=condition=Available
  myorch wait pods -l app=web --for=condition=Ready --timeout=60s
  myorch wait pod/web-1 --for=jsonpath='{.status.phase}'=Running
  myorch wait pod/web-1 --for=delete`

/** `myorch wait TYPE/NAME --for=…`. */
export function addWait(program: Command): void {
  const command = addChoiceFlags(
    program
      .command('wait')
      .description('Wait until something holds of objects')
      .argument('[target...]', 'TYPE NAME…, TYPE/NAME…, or TYPE with -l or --all'),
  )
    .option('--for <what>', 'condition=NAME[=VALUE], jsonpath={.PATH}[=VALUE], create or delete')
    .option('--timeout <time>', 'for how long, like 30s or 5m; 0: only look', '30s')
    .option('-o, --output <format>', 'name, json, yaml, jsonpath=…')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, waitForAll)
}

async function waitForAll(session: Session, words: string[], flags: Flags): Promise<void> {
  const { eachChosen, findChosen } = await import('./resources/chosen-objects.ts')
  const { readGoDuration } = await import('./resources/go-duration.ts')
  const { parseWaitFor } = await import('./resources/wait-for.ts')
  const { printDone } = await import('./resources/print-done.ts')
  const timeout = readGoDuration('timeout', flags.timeout, 'wait')
  const wanted = parseWaitFor(flags.for ?? '')
  const all = await findChosen(session, words, flags)
  if (all.length === 0 && wanted.type !== 'delete')
    throw new CommandFailure('no matching resources found')
  const deadline = Date.now() + (timeout < 0 ? Infinity : timeout)
  await eachChosen(all, async (chosen) => {
    const object = await waitForOne(session, chosen, wanted, deadline)
    if (!object) return
    await printDone(chosen, object, 'condition met', flags.output)
  })
}

const interval = 100

/** @returns undefined for what was not there when it was to go */
async function waitForOne(
  session: Session,
  chosen: Chosen,
  wanted: WaitFor,
  deadline: number,
): Promise<KubeObject | undefined> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const { holds } = await import('./resources/wait-for.ts')
  let last: KubeObject | undefined
  for (;;) {
    const object = await readIfThere(session, chosen, wanted)
    if (wanted.type === 'delete' ? !object : object && holds(wanted, object)) return object ?? last
    last = object
    if (Date.now() >= deadline) break
    await pause(interval)
  }
  throw new CommandFailure(
    `timed out waiting for the condition on ${chosen.resource.plural}/${chosen.name}`,
  )
}

async function readIfThere(
  session: Session,
  chosen: Chosen,
  { type }: WaitFor,
): Promise<KubeObject | undefined> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  try {
    return await readChosen(session, chosen)
  } catch (error) {
    const isGone = error instanceof StatusError && error.status.reason === 'NotFound'
    if (isGone && (type === 'delete' || type === 'create')) return undefined
    throw error
  }
}
