import { OperationError } from '../../native/error.ts'
import { type Credential, tokenUsername } from './credential.ts'

// Programs called docker-credential-NAME, found by PATH. They take a verb as argument and a
// document on standard input, and answer on standard output.
// https://github.com/docker/docker-credential-helpers#development

type Verb = 'get' | 'store' | 'erase'

const maxAnswer = 1024 * 1024
const patienceMs = 60_000
const notFoundAnswer = /credentials not found/i

/** @returns undefined where the helper knows none */
export async function askHelper(name: string, key: string): Promise<Credential | undefined> {
  const { status, output } = await runHelper(name, 'get', key)
  if (status !== 0) {
    if (notFoundAnswer.test(output)) return undefined
    throw failed(name, 'get', output)
  }
  const { Username: username, Secret: secret } = parseAnswer(name, output)
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(name, 'get', 'its answer has no Username or no Secret')
  if (username === tokenUsername) return { kind: 'identity-token', token: secret }
  return { kind: 'password', username, password: secret }
}

export async function storeWithHelper(
  name: string,
  key: string,
  credential: Credential,
): Promise<void> {
  const isToken = credential.kind === 'identity-token'
  const document = {
    ServerURL: key,
    Username: isToken ? tokenUsername : credential.username,
    Secret: isToken ? credential.token : credential.password,
  }
  const { status, output } = await runHelper(name, 'store', JSON.stringify(document))
  if (status !== 0) throw failed(name, 'store', output)
}

export async function eraseWithHelper(name: string, key: string): Promise<void> {
  const { status, output } = await runHelper(name, 'erase', key)
  if (status !== 0 && !notFoundAnswer.test(output)) throw failed(name, 'erase', output)
}

function runHelper(
  name: string,
  verb: Verb,
  input: string,
): Promise<{ status: number; output: string }> {
  // The name comes from a file; as a part of a path it would run any program.
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.'))
    throw new OperationError('INVALID_ARGUMENT', 'run a credential helper', {
      name: name.slice(0, 100),
      reason: 'the name is malformed',
    })
  const { spawn } = process.getBuiltinModule('node:child_process')
  const program = `docker-credential-${name}`
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], {
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: patienceMs,
    })
    const pieces: Buffer[] = []
    let size = 0
    child.on('error', (cause) => reject(notStarted(program, cause)))
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length
      if (size > maxAnswer) child.kill()
      else pieces.push(piece)
    })
    // One that does not read its input and ends is judged by its exit status.
    child.stdin.on('error', () => undefined)
    child.on('close', (status) =>
      resolve({ status: status ?? 1, output: Buffer.concat(pieces).toString().trim() }),
    )
    child.stdin.end(input)
  })
}

function parseAnswer(name: string, text: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>
  } catch {
    // Reported below: what it said may be a secret.
  }
  throw failed(name, 'get', 'its answer is no JSON object')
}

function notStarted(program: string, cause: Error): OperationError {
  return new OperationError(
    'NOT_FOUND',
    'run a credential helper',
    { program },
    { cause, hint: 'Install it, or take it out of credsStore and credHelpers' },
  )
}

function failed(name: string, verb: Verb, reason: string): OperationError {
  return new OperationError('ACCESS_DENIED', 'ask a credential helper', {
    program: `docker-credential-${name}`,
    verb,
    reason: reason.slice(0, 300),
  })
}
