import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { addClientFlags, withClient } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'

interface Flags extends ClientFlags {
  readonly image: string
  readonly replicas: string
  readonly port: string
  readonly env: string[]
  readonly timeout: string
}

/** `myorch run`: an image as a deployment with a service, seen through until it answers. */
export function addRun(program: Command): void {
  const command = program
    .command('run')
    .description('Run an image on the cluster, with a service in front of it')
    .argument('[name]', 'absent: that of the image')
    .argument('[command...]', 'in place of the image’s own, after --')
    .requiredOption('--image <image>', 'what to run')
    .option('--replicas <number>', 'how many pods', '1')
    .option('--port <number>', 'where the program listens; 0: nowhere, no service is made', '80')
    .option('--env <name=value...>', 'variables', [])
    .option('--timeout <seconds>', 'how long to wait for all of them', '60')
  addClientFlags(command).action(async (name: string | undefined, args: string[], flags: Flags) => {
    const { image } = flags
    const { planRun, nameFromImage } = await import('../run/plan-run.ts')
    const { runWorkload } = await import('../run/run-workload.ts')
    await withClient(flags, async ({ client, namespace }) => {
      const plan = planRun({
        name: name ?? nameFromImage(image),
        namespace,
        image,
        replicas: readCount(flags.replicas, '--replicas'),
        port: readCount(flags.port, '--port'),
        command: args,
        env: flags.env.map(readVariable),
      })
      await runWorkload(client, plan, {
        patienceMs: readCount(flags.timeout, '--timeout') * 1000,
        print: (line) => void process.stdout.write(`${line}\n`),
      })
    })
  })
}

function readCount(text: string, flag: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new OperationError('INVALID_ARGUMENT', `read ${flag}`, { value: text })
}

function readVariable(text: string): { name: string; value: string } {
  const [name = '', ...value] = text.split('=')
  if (name !== '' && value.length > 0) return { name, value: value.join('=') }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read --env',
    { value: text },
    { hint: 'Write it as NAME=VALUE' },
  )
}
