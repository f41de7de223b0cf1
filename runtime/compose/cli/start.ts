import { flag } from '../../cli/flag-spec.ts'
import { OperationError } from '../../../native/error.ts'
import { bringUp, requireServices, waitForAll } from '../act/bring-up.ts'
import { runHooks } from '../act/hooks.ts'
import { isLive } from '../act/project-containers.ts'
import { chosenContainers } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'
import { creationFlags, scaled, upOptions } from './up.ts'

/** Only what is there already. */
export const startCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Start services',
  flags: [flag('bool', 'wait', 'Wait for services to be running|healthy. Implies detached mode')],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, engine, io, session: open }) {
    const session = await open(args)
    const chosen = await chosenContainers(session, args)
    const missing = args.find((name) => !chosen.some(({ service }) => service === name))
    if (missing !== undefined || chosen.length === 0)
      throw new OperationError(
        'NOT_FOUND',
        `service ${JSON.stringify(missing ?? Object.keys(session.project.services)[0] ?? '')} has no container to start`,
        {},
        { exitCode: 1, hint: 'Make it: "mycontainer compose up"' },
      )
    for (const { record, service } of chosen.filter((one) => !isLive(one))) {
      session.say(`Container ${record.name}`, 'Starting')
      if (!session.isDryRun) {
        await engine.start(record.id, {}, io)
        await runHooks(session, service, record.id, session.project.services[service]?.postStart)
      }
      session.say(`Container ${record.name}`, 'Started')
    }
    if (flags.bool('wait'))
      await waitForAll(
        session,
        new Map(
          chosen.map(({ service, record }) => [service, { ids: [record.id], isChanged: false }]),
        ),
      )
    return 0
  },
}

export const createCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Creates containers for a service',
  flags: creationFlags(),
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = scaled(await open(args), flags.list('scale'))
    await bringUp(session, { ...upOptions(flags, args), start: false })
    return 0
  },
}

export const scaleCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE=REPLICAS...',
  summary: 'Scale services',
  flags: [flag('bool', 'no-deps', "Don't start linked services")],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const names = args.map((entry) => entry.split('=')[0] ?? '')
    const session = scaled(await open(names), args)
    requireServices(session, names)
    await bringUp(session, { ...upOptions(flags, names), recreate: 'never' })
    return 0
  },
}
