// What goes on in a project: processes, ports, events, files, other projects.

import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { formatTable } from '../../cli/output/table.ts'
import { projectContainers, isLive, describe } from '../act/project-containers.ts'
import { label } from '../plan/labels.ts'
import { chosenContainers, oneContainer } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

export const topCommand: ComposeCommand = {
  usage: '[SERVICE...]',
  summary: 'Display the running processes',
  flags: [],
  minimumArguments: 0,
  interspersed: true,
  async run({ args, io, engine, session: open }) {
    const session = await open(args)
    for (const one of (await chosenContainers(session, args)).filter(isLive)) {
      const { titles, rows } = await engine.top(one.record.id, { arguments: [] })
      io.stdout.write(`${one.record.name}\n${formatTable([titles, ...rows])}\n`)
    }
    return 0
  },
}

export const portCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE PRIVATE_PORT',
  summary: 'Print the public port for a port binding',
  flags: [
    flag('int', 'index', 'Index of the container if service has multiple replicas'),
    flag('string', 'protocol', 'tcp or udp', { default: 'tcp' }),
  ],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, session: open }) {
    const [service = '', port] = args
    const session = await open([service])
    const { state, record } = await oneContainer(session, service, flags.number('index'))
    const protocol = flags.string('protocol') ?? 'tcp'
    const found = state.network?.ports.find(
      (one) => one.containerPort === Number(port) && one.protocol === protocol,
    )
    if (!found)
      throw new OperationError(
        'NOT_FOUND',
        `no port ${port}/${protocol} for container ${record.name}`,
        {},
        { exitCode: 1 },
      )
    io.stdout.write(`${found.hostIp}:${found.hostPort}\n`)
    return 0
  },
}

export const eventsCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Receive real time events from containers',
  flags: [flag('bool', 'json', 'Output events as a stream of json objects')],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine, session: open }) {
    const { project } = await open(args)
    for await (const event of engine.events({ follow: true, signal: io.signal })) {
      if (event.type !== 'container' || event.attributes[label.project] !== project.name) continue
      const service = event.attributes[label.service] ?? ''
      if (args.length > 0 && !args.includes(service)) continue
      const { time, action, id, attributes, type } = event
      io.stdout.write(
        flags.bool('json')
          ? `${JSON.stringify({ time, type, action, id, service, attributes })}\n`
          : `${time} container ${action} ${id} (${Object.entries(attributes)
              .map(([name, value]) => `${name}=${value}`)
              .join(', ')})\n`,
      )
    }
    return 0
  },
}

export const waitCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE [SERVICE...]',
  summary: 'Block until containers of all (or specified) services stop',
  flags: [flag('bool', 'down-project', 'Drops project when the first container stops')],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine, session: open }) {
    const session = await open(args)
    const chosen = await chosenContainers(session, args)
    const ends = chosen.map(async ({ record }) => {
      const code = await engine.wait(record.id)
      io.stdout.write(`${code}\n`)
      return code
    })
    if (!flags.bool('down-project')) return (await Promise.all(ends)).at(-1) ?? 0
    const code = await Promise.race(ends)
    const { takeDown } = await import('../act/take-down.ts')
    await takeDown(session, {
      services: [],
      removeOrphans: false,
      volumes: false,
      images: undefined,
      stopTimeout: undefined,
    })
    return code
  },
}

export const copyCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-',
  summary: 'Copy files/folders between a service container and the local filesystem',
  flags: [
    flag('bool', 'archive,a', 'Archive mode (copy all uid/gid information)'),
    flag('bool', 'follow-link,L', 'Always follow symbol link in SRC_PATH'),
    flag('int', 'index', 'Index of the container if service has multiple replicas'),
  ],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine, session: open }) {
    const session = await open()
    const { resolve } = process.getBuiltinModule('node:path')
    const places = await Promise.all(
      args.map(async (text) => {
        const [, service = '', path = ''] = /^([\w.-]+):(.*)$/.exec(text) ?? []
        if (service === '')
          return { kind: 'host' as const, path: text === '-' ? text : resolve(io.cwd, text) }
        const { record } = await oneContainer(session, service, flags.number('index'))
        return { kind: 'container' as const, container: record.id, path }
      }),
    )
    const [from, to] = places
    if (!from || !to || from.kind === to.kind)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'copy between a service and the host',
        {},
        { exitCode: 1, hint: 'Write one of the two as SERVICE:PATH' },
      )
    const archive = flags.bool('archive')
    await engine.copy({ from, to, archive, followLink: flags.bool('follow-link') }, io)
    return 0
  },
}

export const listCommand: ComposeCommand = {
  usage: '[OPTIONS]',
  summary: 'List running compose projects',
  flags: [
    flag('bool', 'all,a', 'Show all stopped Compose projects'),
    flag('string', 'format', 'Format the output ("table"|"json")', { default: 'table' }),
    flag('bool', 'quiet,q', 'Only display project names'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const all = (await engine.list({ all: true, size: false })).map(describe)
    const projects = Map.groupBy(
      all.filter(({ record, isOneOff }) => !isOneOff && label.project in record.resolved.labels),
      ({ record }) => record.resolved.labels[label.project] ?? '',
    )
    const rows = [...projects]
      .filter(([, members]) => flags.bool('all') || members.some(isLive))
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([Name, members]) => {
        const counts = Map.groupBy(members, ({ state }) => state.status)
        const Status = [...counts].map(([status, { length }]) => `${status}(${length})`).join(', ')
        return { Name, Status, ConfigFiles: members[0]?.record.resolved.labels[label.files] ?? '' }
      })
    if (flags.bool('quiet')) io.stdout.write(rows.map(({ Name }) => `${Name}\n`).join(''))
    else if (flags.string('format') === 'json') io.stdout.write(`${JSON.stringify(rows)}\n`)
    else
      io.stdout.write(
        formatTable([
          ['NAME', 'STATUS', 'CONFIG FILES'],
          ...rows.map(({ Name, Status, ConfigFiles }) => [Name, Status, ConfigFiles]),
        ]),
      )
    return 0
  },
}

export const statsCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE]',
  summary: 'Display a live stream of container(s) resource usage statistics',
  flags: [flag('bool', 'no-stream', 'Disable streaming stats and only pull the first result')],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine, session: open }) {
    const { project } = await open(args)
    const all = (await projectContainers(engine, project.name)).filter(isLive)
    const ids = all
      .filter(({ service }) => args.length === 0 || args.includes(service))
      .map(({ record }) => record.id)
    if (ids.length === 0) return 0
    const { statsCommand: ofContainers } = await import('../../cli/commands/stats.ts')
    const { parseFlags } = await import('../../cli/flag-parser.ts')
    const words = [...(flags.bool('no-stream') ? ['--no-stream'] : []), ...ids]
    const parsed = parseFlags(words, ofContainers.flags, {
      command: 'mycontainer stats',
      interspersed: true,
    })
    return ofContainers.run({
      ...parsed,
      io,
      engine: async () => engine,
      path: 'mycontainer compose stats',
    })
  },
}
