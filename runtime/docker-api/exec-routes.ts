import { OperationError } from '../../native/error.ts'
import { type ProcessStreams, openStreams } from '../api/attached-process.ts'
import { type StartedExec, startExec } from '../container/exec.ts'
import { newContainerId } from '../container/identifier.ts'
import { resolveContainer } from '../container/record-store.ts'
import { type Answer, type ApiCall, type Route, type TakenOver, ok } from './api-call.ts'
import { errorText, noSuch } from './api-error.ts'
import { detachKeys } from './container-attach.ts'
import { containerOf } from './container-life.ts'
import type { ExecInstance, TerminalSize } from './exec-instances.ts'
import { joinStreams } from './join-streams.ts'
import {
  type JsonObject,
  booleanField,
  listField,
  textField,
  textsField,
  wordsField,
} from './json-fields.ts'
import { framedStreamType, rawStreamType, streamFrame } from './stream-frame.ts'

// Programs in running containers: made by one request, started by another.

export const execRoutes: readonly Route[] = [
  ['POST', '/containers/*/exec', create],
  ['POST', '/exec/*/start', start],
  ['POST', '/exec/*/resize', resize],
  ['GET', '/exec/*/json', inspect],
]

const usualSize = { rows: 24, columns: 80 }

/** `ConsoleSize`: height and width. @throws {OperationError} `INVALID_ARGUMENT` */
function consoleSize(body: JsonObject): TerminalSize | undefined {
  const [rows, columns] = listField(body, 'ConsoleSize').map(Number)
  if (!rows || !columns) return undefined
  if ([rows, columns].every((each) => Number.isInteger(each) && each > 0 && each < 65_536))
    return { rows, columns }
  throw new OperationError('INVALID_ARGUMENT', 'ConsoleSize must be a height and a width')
}

async function create(call: ApiCall): Promise<Answer> {
  const { record, state } = await containerOf(call)
  const body = await call.json()
  if (state.status === 'paused')
    throw new OperationError(
      'BAD_STATE',
      `Container ${record.name} is paused, unpause the container before exec`,
    )
  if (state.pid === 0)
    throw new OperationError('BAD_STATE', `Container ${record.id} is not running`)
  const command = wordsField(body, 'Cmd') ?? []
  if (command.length === 0)
    throw new OperationError('INVALID_ARGUMENT', 'No exec command specified')
  const id = newContainerId()
  call.executions.add({
    id,
    container: record.id,
    wish: {
      command,
      env: textsField(body, 'Env').filter((entry) => entry.includes('=')),
      user: textField(body, 'User'),
      workdir: textField(body, 'WorkingDir'),
      tty: booleanField(body, 'Tty'),
      privileged: booleanField(body, 'Privileged'),
      stdin: booleanField(body, 'AttachStdin'),
      stdout: booleanField(body, 'AttachStdout'),
      stderr: booleanField(body, 'AttachStderr'),
      size: consoleSize(body),
      detachKeys: detachKeys(textField(body, 'DetachKeys')),
    },
    isStarted: false,
    isRunning: false,
    exitCode: null,
    pid: 0,
    size: undefined,
    connection: undefined,
  })
  return ok({ Id: id }, 201)
}

function instanceOf({ executions, parameters: [id = ''] }: ApiCall): ExecInstance {
  const found = executions.find(id)
  if (found) return found
  throw noSuch('exec instance', id)
}

async function start(call: ApiCall): Promise<Answer> {
  const instance = instanceOf(call)
  const body = await call.json()
  if (instance.isStarted)
    throw new OperationError('BAD_STATE', `Error: Exec command ${instance.id} has already run`)
  instance.isStarted = true
  instance.size = consoleSize(body) ?? instance.wish.size
  if (booleanField(body, 'Detach')) {
    await launch(call, instance, true)
    return ok('')
  }
  const { tty } = instance.wish
  const accepts = call.header('accept')?.includes(framedStreamType) === true
  return {
    type: tty || !accepts ? rawStreamType : framedStreamType,
    takeOver: (connection) => runAttached(call, instance, connection),
  }
}

async function runAttached(
  call: ApiCall,
  instance: ExecInstance,
  connection: TakenOver,
): Promise<void> {
  const { wish } = instance
  let streams: ProcessStreams | undefined
  let started: StartedExec
  try {
    started = await launch(call, instance, false, (stateFolder) => {
      streams = openStreams(stateFolder, wish)
    })
  } catch (error) {
    // The answer has begun: the reason goes where the program's output would have gone.
    const text = Buffer.from(`${errorText(error)}\r\n`)
    connection.output.end(wish.tty ? text : streamFrame('stderr', text))
    return
  }
  const joined = streams ?? openStreams(started.stateFolder, wish)
  instance.connection = await joined.connecting.catch(() => undefined)
  await joinStreams(joined, started.ended, connection, wish, (exitCode) => {
    instance.exitCode = exitCode
    instance.isRunning = false
  })
}

async function launch(
  { context }: ApiCall,
  instance: ExecInstance,
  isDetached: boolean,
  onPreExec?: (stateFolder: string) => void,
): Promise<StartedExec> {
  const { command, env, user, workdir, tty, privileged, stdin } = instance.wish
  const record = resolveContainer(context.folders, instance.container)
  try {
    const started = await startExec(context, record, {
      command,
      env,
      user,
      workdir,
      tty,
      privileged,
      interactive: stdin && !isDetached,
      preserveFds: 0,
      stdio: tty
        ? { kind: 'terminal', ...(instance.size ?? usualSize) }
        : isDetached
          ? { kind: 'null' }
          : { kind: 'pipes', stdin },
      hold: !isDetached,
      onPreExec,
    })
    instance.isRunning = true
    instance.pid = started.pid
    void started.ended
      .then((outcome) => (instance.exitCode = outcome?.exitCode ?? 255))
      .catch(() => (instance.exitCode = 255))
      .finally(() => {
        instance.isRunning = false
        instance.connection = undefined
      })
    return started
  } catch (error) {
    instance.exitCode = error instanceof OperationError ? (error.exitCode ?? 126) : 126
    throw error
  }
}

function resize(call: ApiCall): Answer {
  const { connection } = instanceOf(call)
  connection?.resize(Number(call.query.get('h')), Number(call.query.get('w')))
  return ok('')
}

/** Waits for nothing: the end of a program is known before the end of its output is sent. */
function inspect(call: ApiCall): Answer {
  const { id, container, wish, isRunning, exitCode, pid } = instanceOf(call)
  const [entrypoint = '', ...words] = wish.command
  return ok({
    ID: id,
    Running: isRunning,
    ExitCode: exitCode,
    ProcessConfig: {
      tty: wish.tty,
      entrypoint,
      arguments: words,
      privileged: wish.privileged,
      ...(wish.user === undefined ? {} : { user: wish.user }),
    },
    OpenStdin: wish.stdin,
    OpenStderr: wish.stderr,
    OpenStdout: wish.stdout,
    CanRemove: !isRunning,
    ContainerID: container,
    DetachKeys: '',
    Pid: pid,
  })
}
