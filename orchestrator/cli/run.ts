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
  addClientFlags(command).action(
    async (first: string | undefined, rest: string[], flags: Flags) => {
      const { image } = flags
      const { name, args } = splitOperands(first === undefined ? [] : [first, ...rest])
      const { parseReference } = await import('../../rootfs/reference.ts')
      const { planRun, nameFromImage } = await import('../run/plan-run.ts')
      const { runWorkload } = await import('../run/run-workload.ts')
      parseReference(image)
      await withClient(flags, async ({ client, namespace, server }) => {
        const plan = planRun({
          name: name ?? nameFromImage(image),
          namespace,
          image,
          pullPolicy: await bring(server, image),
          replicas: readCount(flags.replicas, '--replicas'),
          port: readCount(flags.port, '--port'),
          command: args,
          env: flags.env.map(readVariable),
        })
        await runWorkload(client, plan, {
          patienceMs: readCount(flags.timeout, '--timeout') * 1000,
          print: (line) => void process.stdout.write(`${line}\n`),
          note: (line) => void process.stderr.write(`myorch: ${line}\n`),
        })
      })
    },
  )
}

/** What follows "--" is the command, also where no name comes before it. */
function splitOperands(words: readonly string[]): { name: string | undefined; args: string[] } {
  const at = process.argv.indexOf('--')
  const isNamed = at === -1 || process.argv.length - at - 1 < words.length
  return isNamed ? { name: words[0], args: words.slice(1) } : { name: undefined, args: [...words] }
}

/** What this machine has, its clusters need not pull. */
async function bring(server: string, image: string): Promise<'IfNotPresent' | undefined> {
  const { clustersRoot } = await import('../cluster/cluster-folder.ts')
  const { bringImage } = await import('../cluster/bring-image.ts')
  const root = clustersRoot(process.env)
  const found = await bringImage({ root, server, image, env: process.env })
  if (found === 'brought')
    process.stderr.write(`myorch: image ${image} is one of this machine's; the nodes have it now\n`)
  return found === 'elsewhere' ? undefined : 'IfNotPresent'
}

function readCount(text: string, flag: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new OperationError('INVALID_ARGUMENT', `read ${flag}`, { value: text }, { exitCode: 2 })
}

function readVariable(text: string): { name: string; value: string } {
  const [name = '', ...value] = text.split('=')
  if (name !== '' && value.length > 0) return { name, value: value.join('=') }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read --env',
    { value: text },
    { exitCode: 2, hint: 'Write it as NAME=VALUE' },
  )
}
