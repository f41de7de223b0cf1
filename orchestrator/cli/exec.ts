import { leaveOutputAlone } from '../../native/terminal.ts'
import type { Command } from 'commander'
import type { WebSocket } from 'ws'
import { listAt, textAt } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly stdin?: boolean
  readonly tty?: boolean
  readonly container?: string
}

// https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
const channel = { input: 0, output: 1, error: 2, status: 3, resize: 4, close: 255 } as const

const examples = `
Examples:
  myorch exec web-1 -- ls /
  myorch exec -it deployment/web -- sh
  cat file | myorch exec -i web-1 -c side -- sh -c 'cat > /tmp/file'`

/** `myorch exec POD -- COMMAND`. */
export function addExec(program: Command): void {
  const command = program
    .command('exec')
    .description('Run a command in a container; its exit code is ours')
    .argument('[pod]', 'POD or TYPE/NAME')
    .argument('[command...]', 'behind --')
    .option('-i, --stdin', 'with our standard input')
    .option('-t, --tty', 'with a terminal')
    .option('-c, --container <name>', 'absent: the first one')
    .option('-q, --quiet', 'do not say which container was chosen')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, [word = '', ...words], flags) => {
    const { containerOf, findPods } = await import('./resources/find-pods.ts')
    checkWords(word, words)
    const [pod] = await findPods(session, word, { doing: 'attach to' })
    const isTerminal = flags.tty === true && process.stdin.isTTY
    if (flags.tty && !isTerminal)
      process.stderr.write(
        'Unable to use a TTY - input is not a terminal or the right kind of file\n',
      )
    const query = new URLSearchParams(words.map((each) => ['command', each]))
    if (pod) query.set('container', containerOf(pod, flags.container))
    query.set('stdout', 'true')
    if (flags.stdin) query.set('stdin', 'true')
    query.set(isTerminal ? 'tty' : 'stderr', 'true')
    const { name = '', namespace = '' } = pod?.metadata ?? {}
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/exec?${query.toString()}`
    const socket = await session.upgrade(path, ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    const status = converse(socket)
    if (isTerminal) sendSizes(socket)
    if (flags.stdin) sendInput(socket, isTerminal)
    try {
      endAs(await status)
    } finally {
      if (isTerminal) process.stdin.setRawMode(false)
      process.stdin.destroy()
    }
  })
}

function checkWords(pod: string, words: readonly string[]): void {
  if (pod === '') throw new CommandFailure('pod, type/name or --filename must be specified')
  if (words.length === 0)
    throw new CommandFailure('you must specify at least one command for the container')
  if (!process.argv.includes('--'))
    throw new CommandFailure(
      "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'myorch exec -h' for help and examples",
    )
}

/** Print what comes. @returns the Status that the command ended with */
function converse(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let status: unknown
    socket.on('message', (message) => {
      const data = message.subarray(1)
      if (message[0] === channel.output) process.stdout.write(data)
      if (message[0] === channel.error) process.stderr.write(data)
      if (message[0] !== channel.status) return
      status = JSON.parse(data.toString()) as unknown
      socket.close()
    })
    socket.on('close', () => resolve(status))
    socket.on('error', reject)
  })
}

function send(socket: WebSocket, number: number, data: Buffer): void {
  socket.send(Buffer.concat([Buffer.from([number]), data]), { binary: true })
}

function sendInput(socket: WebSocket, isTerminal: boolean): void {
  if (isTerminal) {
    process.stdin.setRawMode(true)
    leaveOutputAlone(process.stdin.fd)
  }
  process.stdin.on('data', (data: Buffer) => send(socket, channel.input, data))
  process.stdin.on('end', () => send(socket, channel.close, Buffer.from([channel.input])))
}

function sendSizes(socket: WebSocket): void {
  const tell = (): void => {
    const { columns: Width, rows: Height } = process.stdout
    send(socket, channel.resize, Buffer.from(JSON.stringify({ Width, Height })))
  }
  tell()
  process.stdout.on('resize', tell)
}

/** @throws CommandFailure unless it went well, with the exit code of the command */
function endAs(status: unknown): void {
  if (textAt(status, ['status']) === 'Success') return
  const cause = listAt(status, ['details', 'causes']).find((each) => each['reason'] === 'ExitCode')
  const code = Number(textAt(cause, ['message']) ?? '1')
  if (cause) throw new CommandFailure(`command terminated with exit code ${code}`, code)
  throw new CommandFailure(textAt(status, ['message']) ?? 'the connection broke')
}
