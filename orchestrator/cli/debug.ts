import type { Command } from 'commander'
import { listAt, textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import type { DebugWish } from './resources/debug-pods.ts'
import { addSessionAction, CommandFailure, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly image?: string
  readonly setImage?: string
  readonly container?: string
  readonly target?: string
  readonly copyTo?: string
  readonly replace?: boolean
  readonly sameNode?: boolean
  readonly shareProcesses: string | boolean
  readonly stdin?: boolean
  readonly tty?: boolean
  readonly attach?: boolean
  readonly quiet?: boolean
  readonly argumentsOnly?: boolean
  readonly env?: string[]
  readonly imagePullPolicy?: string
}

const examples = `
Examples:
  myorch debug web-1 -it --image=busybox --target=web
  myorch debug web-1 -it --copy-to=web-debug --container=web -- sh
  myorch debug web-1 --copy-to=web-debug --set-image='*=busybox'
  myorch debug node/dev-1 -it --image=busybox`

/** `myorch debug POD`. */
export function addDebug(program: Command): void {
  const command = program
    .command('debug')
    .description('Look into a pod with another container, into a copy of it, or into a node')
    .argument('[target]', 'POD, TYPE/NAME or node/NAME')
    .argument('[command...]', 'behind --')
    .option('--image <image>', 'of the new container')
    .option('--set-image <pairs>', 'in a copy: NAME=IMAGE,…; * is every container')
    .option('-c, --container <name>', 'of the new container; absent: one is made up')
    .option('--target <container>', 'whose processes it is to see')
    .option('--copy-to <name>', 'make a copy of the pod, of this name')
    .option('--replace', 'with --copy-to: delete the pod first')
    .option('--same-node', 'with --copy-to: on the node of the pod')
    .option(
      '--share-processes [yes]',
      'with --copy-to: containers see each other’s processes',
      'true',
    )
    .option('-i, --stdin', 'with our standard input')
    .option('-t, --tty', 'with a terminal')
    .option('--attach', 'see what it writes; -i does so too')
    .option('-q, --quiet', 'say nothing of our own')
    .option('--arguments-only', 'the words are arguments, not the command')
    .option('--env <name=value...>', 'variables of the container')
    .option('--image-pull-policy <policy>', 'Always, IfNotPresent or Never')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, [target = '', ...words], flags) => {
    if (target === '') throw new CommandFailure('NAME or TYPE/NAME is required for debug')
    if (flags.image === undefined && flags.copyTo === undefined)
      throw new CommandFailure('you must specify --image')
    const made = await makeDebugger(session, target, words, flags)
    if (flags.attach ?? flags.stdin) await attachTo(session, made, flags)
  })
}

interface Made {
  readonly pod: KubeObject
  readonly container: string
}

async function makeDebugger(
  session: Session,
  target: string,
  words: readonly string[],
  flags: Flags,
): Promise<Made> {
  if (/^nodes?\//.test(target)) return debugNode(session, target.replace(/^.*\//, ''), words, flags)
  const { findPods } = await import('./resources/find-pods.ts')
  const [pod] = await findPods(session, target, { doing: 'debug' })
  if (!pod) throw new CommandFailure(`no pod ${target}`)
  return flags.copyTo === undefined
    ? joinPod(session, pod, words, flags)
    : copyPod(session, pod, words, flags)
}

function readWish(words: readonly string[], flags: Flags, usual: string): DebugWish {
  return {
    container: flags.container ?? usual,
    image: flags.image,
    command: words,
    isArguments: flags.argumentsOnly === true,
    env: flags.env ?? [],
    pullPolicy: flags.imagePullPolicy,
    stdin: flags.stdin === true,
    tty: flags.tty === true,
  }
}

async function usualName(flags: Flags): Promise<string> {
  const { randomInt } = await import('node:crypto')
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  const name = `debugger-${Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')}`
  if (flags.container === undefined && !flags.quiet)
    process.stdout.write(`Defaulting debug container name to ${name}.\n`)
  return name
}

const podsPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`

async function joinPod(
  session: Session,
  { metadata }: KubeObject,
  words: readonly string[],
  flags: Flags,
): Promise<Made> {
  const { ephemeralContainer } = await import('./resources/debug-pods.ts')
  const { name = '', namespace = '' } = metadata
  const wish = readWish(words, flags, flags.container ?? (await usualName(flags)))
  const pod = (await session.send({
    method: 'PATCH',
    path: `${podsPath(namespace)}/${name}/ephemeralcontainers`,
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: { ephemeralContainers: [ephemeralContainer(wish, flags.target)] } },
    onWarning: printWarning,
  })) as KubeObject
  return { pod, container: wish.container }
}

async function copyPod(
  session: Session,
  pod: KubeObject,
  words: readonly string[],
  flags: Flags,
): Promise<Made> {
  const { copyOfPod } = await import('./resources/debug-pods.ts')
  const { name = '', namespace = '' } = pod.metadata
  const images = readImages(flags.setImage)
  const isNamed = flags.container !== undefined || (images.size > 0 && flags.image === undefined)
  const usual = isNamed ? '' : await usualName(flags)
  const wish = {
    ...readWish(words, flags, usual),
    name: flags.copyTo ?? '',
    images,
    sharesProcesses: String(flags.shareProcesses) !== 'false',
    isOnSameNode: flags.sameNode === true,
  }
  const body = copyOfPod(pod, wish)
  if (flags.replace)
    await session.send({ method: 'DELETE', path: `${podsPath(namespace)}/${name}` })
  return { pod: await create(session, body), container: wish.container }
}

function readImages(text = ''): Map<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const [name = '', image = ''] = pair.split('=')
      if (name === '' || image === '')
        throw new CommandFailure(`invalid image specification: ${JSON.stringify(pair)}`)
      return [name, image]
    }),
  )
}

async function debugNode(
  session: Session,
  node: string,
  words: readonly string[],
  flags: Flags,
): Promise<Made> {
  const { podOnNode } = await import('./resources/debug-pods.ts')
  await session.send({ path: `/api/v1/nodes/${node}` })
  const wish = readWish(words, flags, 'debugger')
  const { randomInt } = await import('node:crypto')
  const name = `node-debugger-${node}-${randomInt(36 ** 4, 36 ** 5).toString(36)}`
  if (!flags.quiet)
    process.stdout.write(
      `Creating debugging pod ${name} with container ${wish.container} on node ${node}.\n`,
    )
  const pod = await create(session, podOnNode(node, name, session.namespace, wish))
  return { pod, container: wish.container }
}

async function create(session: Session, body: KubeObject): Promise<KubeObject> {
  const path = podsPath(body.metadata.namespace ?? '')
  return (await session.send({ method: 'POST', path, body, onWarning: printWarning })) as KubeObject
}

const lookEveryMs = 250

/** What has ended already is read from its log. */
async function attachTo(session: Session, { pod, container }: Made, flags: Flags): Promise<void> {
  const { setTimeout: wait } = await import('node:timers/promises')
  const { name = '', namespace = '' } = pod.metadata
  const path = `${podsPath(namespace)}/${name}`
  for (;;) {
    const now = (await session.send({ path })) as KubeObject
    const state = stateOf(now, container)
    if (valueAt(state, ['terminated']) !== undefined) {
      const log = await session.stream({ path: `${path}/log?container=${container}` })
      for await (const piece of log) process.stdout.write(piece as Buffer)
      return
    }
    if (valueAt(state, ['running']) !== undefined) break
    const reason = textAt(state, ['waiting', 'reason']) ?? ''
    if (/^(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName)$/.test(reason))
      printWarning(`container ${container}: ${textAt(state, ['waiting', 'message']) ?? reason}`)
    await wait(reason.includes('Image') ? lookEveryMs * 8 : lookEveryMs)
  }
  const isTerminal = flags.tty === true && process.stdin.isTTY
  const query = new URLSearchParams({ container, stdout: 'true' })
  if (flags.stdin) query.set('stdin', 'true')
  query.set(isTerminal ? 'tty' : 'stderr', 'true')
  if (flags.stdin && !flags.quiet)
    process.stderr.write("If you don't see a command prompt, try pressing enter.\n")
  const { converseHere } = await import('./resources/converse.ts')
  await converseHere(session, `${path}/attach?${query.toString()}`, {
    stdin: flags.stdin === true,
    isTerminal,
  })
}

function stateOf(pod: KubeObject, container: string): unknown {
  const statuses = ['containerStatuses', 'ephemeralContainerStatuses'].flatMap((field) =>
    listAt(pod, ['status', field]),
  )
  return statuses.find(({ name }) => name === container)?.['state']
}
