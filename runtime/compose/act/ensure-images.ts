import { OperationError } from '../../../native/error.ts'
import type { PullPolicy } from '../../container/options.ts'
import { serviceImage } from '../plan/service-image.ts'
import { buildImages } from './build-images.ts'
import type { Session } from './session.ts'

export interface ImageOptions {
  /** Build even where the image is there. */
  readonly build: boolean
  readonly noBuild: boolean
  /** Over what services say. */
  readonly pull: string | undefined
  readonly quietPull: boolean
}

/** Have the image of each service here: built, pulled, or as it is. @throws {OperationError} `NOT_FOUND` */
export async function ensureImages(
  session: Session,
  services: readonly string[],
  options: ImageOptions,
): Promise<void> {
  const { project, engine } = session
  const toBuild: string[] = []
  const toPull = new Map<string, string>()
  for (const name of services) {
    const { build, pullPolicy } = project.services[name] ?? {}
    const policy = build
      ? (pullPolicy ?? 'build-missing')
      : (options.pull ?? pullPolicy ?? 'missing')
    const isThere = (await engine.imageId(serviceImage(project, name))) !== undefined
    if (build && !options.noBuild && (options.build || policy === 'build' || !isThere))
      toBuild.push(name)
    else if (!build) toPull.set(serviceImage(project, name), policy)
    else if (!isThere)
      throw new OperationError(
        'NOT_FOUND',
        `no such image: ${serviceImage(project, name)}`,
        { service: name },
        { exitCode: 1, hint: 'Leave --no-build out, or run "mycontainer compose build"' },
      )
  }
  await pullImages(session, toPull, options.quietPull)
  const quiet = { noCache: false, pull: options.pull === 'always', quiet: false }
  await buildImages(session, toBuild, { ...quiet, args: [], push: false })
}

/** Several at once. @param images policy by reference */
export async function pullImages(
  { engine, io, isDryRun, say, project }: Session,
  images: ReadonlyMap<string, string>,
  quiet: boolean,
): Promise<void> {
  if (isDryRun) {
    for (const [image, policy] of images) if (policy === 'always') say(`Image ${image}`, 'Pulling')
    return
  }
  const platforms = new Map(
    Object.values(project.services).map(({ image = '', platform }) => [image, platform]),
  )
  await Promise.all(
    [...images].map(([image, policy]) =>
      engine.ensureImage(
        image,
        { pull: enginePolicy(policy), platform: platforms.get(image), quiet },
        io,
      ),
    ),
  )
}

function enginePolicy(policy: string): PullPolicy {
  if (policy === 'always' || policy === 'never' || policy === 'newer') return policy
  if (/^(?:missing|if_not_present|build|build-missing)$/.test(policy)) return 'missing'
  if (/^(?:daily|weekly|every_.+)$/.test(policy)) return 'newer'
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid pull policy ${JSON.stringify(policy)}`,
    {},
    { exitCode: 1, hint: 'The policies are always, missing, never and build' },
  )
}
