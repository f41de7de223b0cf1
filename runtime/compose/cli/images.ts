import { flag } from '../../cli/flag-spec.ts'
import { formatTable } from '../../cli/output/table.ts'
import { requireServices } from '../act/bring-up.ts'
import { buildImages, runMyimage } from '../act/build-images.ts'
import { pullImages } from '../act/ensure-images.ts'
import type { Session } from '../act/session.ts'
import { serviceImage } from '../plan/service-image.ts'
import { chosenContainers } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

function servicesOf(session: Session, args: readonly string[]): string[] {
  requireServices(session, args)
  return args.length > 0 ? [...args] : Object.keys(session.project.services)
}

export const buildCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Build or rebuild services',
  flags: [
    flag('list', 'build-arg', 'Set build-time variables for services'),
    // Older words, and how progress is shown: there is one way.
    ...['compress', 'force-rm', 'no-rm', 'parallel'].map((name) =>
      flag('bool', name, '', { hidden: true }),
    ),
    flag('string', 'progress', '', { hidden: true }),
    flag('bool', 'no-cache', 'Do not use cache when building the image'),
    flag('bool', 'pull', 'Always attempt to pull a newer version of the image'),
    flag('bool', 'push', 'Push service images'),
    flag('bool', 'quiet,q', "Don't print anything to STDOUT"),
    flag('bool', 'with-dependencies', 'Also build dependencies'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = await open(args)
    await buildImages(session, servicesOf(session, args), {
      noCache: flags.bool('no-cache'),
      pull: flags.bool('pull'),
      quiet: flags.bool('quiet'),
      args: flags.list('build-arg'),
      push: flags.bool('push'),
    })
    return 0
  },
}

export const pullCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Pull service images',
  flags: [
    flag('bool', 'ignore-buildable', 'Ignore images that can be built'),
    flag('bool', 'ignore-pull-failures', 'Pull what it can and ignores images with pull failures'),
    flag('string', 'policy', 'Apply pull policy ("missing"|"always")', { default: 'always' }),
    flag('bool', 'quiet,q', 'Pull without printing progress information'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = await open(args)
    const { services } = session.project
    const policy = flags.string('policy') ?? 'always'
    const images = servicesOf(session, args).flatMap((name) => {
      const { build, image, pullPolicy } = services[name] ?? {}
      const isSkipped = image === undefined || pullPolicy === 'never' || pullPolicy === 'build'
      return isSkipped || (build && flags.bool('ignore-buildable')) ? [] : [image]
    })
    for (const image of new Set(images)) session.say(`Image ${image}`, 'Pulling')
    try {
      await pullImages(
        session,
        new Map(images.map((image) => [image, policy])),
        flags.bool('quiet'),
      )
    } catch (error) {
      if (!flags.bool('ignore-pull-failures')) throw error
      session.warn((error as Error).message)
    }
    return 0
  },
}

export const pushCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Push service images',
  flags: [
    flag('bool', 'ignore-push-failures', 'Push what it can and ignores images with push failures'),
    flag('bool', 'quiet,q', 'Push without printing progress information'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = await open(args)
    const { services } = session.project
    for (const name of servicesOf(session, args)) {
      const { build, image } = services[name] ?? {}
      if (!build || image === undefined) continue
      session.say(`Image ${image}`, 'Pushing')
      try {
        if (!session.isDryRun) await runMyimage(session, ['push', image])
        session.say(`Image ${image}`, 'Pushed')
      } catch (error) {
        if (!flags.bool('ignore-push-failures')) throw error
        session.warn((error as Error).message)
      }
    }
    return 0
  },
}

export const imagesCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'List images used by the created containers',
  flags: [
    flag('string', 'format', 'Format the output ("table"|"json")', { default: 'table' }),
    flag('bool', 'quiet,q', 'Only display IDs'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, session: open }) {
    const session = await open(args)
    const rows = (await chosenContainers(session, args)).map(({ record, service }) => ({
      Container: record.name,
      Image: record.imageReference || serviceImage(session.project, service),
      ID: record.imageId.replace(/^sha256:/, '').slice(0, 12),
    }))
    if (flags.bool('quiet')) io.stdout.write([...new Set(rows.map(({ ID }) => `${ID}\n`))].join(''))
    else if (flags.string('format') === 'json') io.stdout.write(`${JSON.stringify(rows)}\n`)
    else
      io.stdout.write(
        formatTable([
          ['CONTAINER', 'IMAGE', 'IMAGE ID'],
          ...rows.map(({ Container, Image, ID }) => [Container, Image, ID]),
        ]),
      )
    return 0
  },
}
