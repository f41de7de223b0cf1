import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { entryFlags, readEntries } from './file-entries.ts'
import type { EntryFlags } from './file-entries.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'

interface GenericFlags extends GeneratorFlags, EntryFlags {
  readonly type?: string
}

interface TlsFlags extends GeneratorFlags {
  readonly cert?: string
  readonly key?: string
}

interface RegistryFlags extends GeneratorFlags {
  readonly dockerUsername?: string
  readonly dockerPassword?: string
  readonly dockerEmail?: string
  readonly dockerServer?: string
  readonly fromFile?: string[]
}

function secret(name: string, entries: Iterable<readonly [string, Buffer]>, type?: string) {
  const data = Object.fromEntries(
    [...entries].map(([key, value]) => [key, value.toString('base64')]),
  )
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...unset, name },
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(type === undefined ? {} : { type }),
  } as unknown as KubeObject
}

/** `myorch create secret generic NAME --from-literal=a=b`. */
export const genericSecret: Generator<GenericFlags> = {
  name: 'generic',
  failure: 'secret',
  description: 'Entries by their keys',
  flags: [...entryFlags, ['--type <type>', 'Opaque where none is given']],
  build: ({ name, flags }) => secret(name, readEntries(flags, 'Secret'), flags.type),
}

/** `myorch create secret tls NAME --cert=FILE --key=FILE`. */
export const tlsSecret: Generator<TlsFlags> = {
  name: 'tls',
  failure: 'secret',
  description: 'A certificate and its key',
  flags: [
    ['--cert <file>', 'PEM'],
    ['--key <file>', 'PEM'],
  ],
  build: ({ name, flags: { cert = '', key = '' } }) => {
    if (key === '' || cert === '') throw new CommandFailure('key and cert must be specified')
    const [certificate, privateKey] = [readPem(cert), readPem(key)]
    requirePair(certificate, privateKey)
    const entries = [
      ['tls.crt', certificate],
      ['tls.key', privateKey],
    ] as const
    return secret(name, entries, 'kubernetes.io/tls')
  },
}

function readPem(path: string): Buffer {
  if (statSync(path, { throwIfNoEntry: false })) return readFileSync(path)
  throw new CommandFailure(`Cannot read file ${path}, open ${path}: no such file or directory`)
}

function requirePair(certificate: Buffer, key: Buffer): void {
  let isPair: boolean
  try {
    isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    throw new CommandFailure('tls: failed to find any PEM data in certificate input')
  }
  if (!isPair) throw new CommandFailure('tls: private key does not match public key')
}

/** `myorch create secret docker-registry NAME --docker-username=U --docker-password=P`. */
export const registrySecret: Generator<RegistryFlags> = {
  name: 'docker-registry',
  failure: 'secret',
  description: 'What a registry wants to know of who pulls',
  flags: [
    ['--docker-username <name>', 'who'],
    ['--docker-password <password>', 'and the proof'],
    ['--docker-email <address>', 'of that user'],
    ['--docker-server <url>', 'which registry (https://index.docker.io/v1/)'],
    ['--from-file <file...>', 'a docker config.json instead'],
  ],
  build: ({ name, flags }) => {
    const type = 'kubernetes.io/dockerconfigjson'
    if (flags.fromFile) {
      const [[, content] = ['', Buffer.alloc(0)]] = readEntries(
        { fromFile: flags.fromFile },
        'Secret',
      )
      return secret(name, [['.dockerconfigjson', content]], type)
    }
    if (flags.dockerUsername === undefined || flags.dockerPassword === undefined)
      throw new CommandFailure(
        'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
      )
    const {
      dockerUsername: username = '',
      dockerPassword: password = '',
      dockerEmail: email,
    } = flags
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const entry = { username, password, ...(email ? { email } : {}), auth }
    const server = flags.dockerServer ?? 'https://index.docker.io/v1/'
    const config = Buffer.from(JSON.stringify({ auths: { [server]: entry } }))
    return secret(name, [['.dockerconfigjson', config]], type)
  },
}
