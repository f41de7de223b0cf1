import type { Pod } from '../../../pod/pod.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { labelMatches, parseFilters } from '../../output/filter-containers.ts'
import { formatRows } from '../../output/format-rows.ts'
import { humanAgo } from '../../output/human-duration.ts'

type Test = (pod: Pod, value: string, status: string) => boolean

const tests: Readonly<Record<string, Test>> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.includes(value),
  label: ({ labels }, value) => labelMatches(labels, value),
  status: (_, value, status) => status.toLowerCase() === value.toLowerCase(),
  'ctr-names': ({ members }, value) => members.some(({ record }) => record.name.includes(value)),
}

const headers = {
  Id: 'POD ID',
  Name: 'NAME',
  Status: 'STATUS',
  Created: 'CREATED',
  InfraId: 'INFRA ID',
  NumberOfContainers: '# OF CONTAINERS',
  ContainerIds: 'IDS',
  ContainerNames: 'NAMES',
  ContainerStatuses: 'STATUS',
}

/** `pod ps`, also `pod ls` */
export const podLsCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'List pods',
  flags: [
    flag('bool', 'ctr-ids', 'Display the ids of their containers'),
    flag('bool', 'ctr-names', 'Display the names of their containers'),
    flag('bool', 'ctr-status', 'Display the states of their containers'),
    flag('list', 'filter,f', 'Provide filter values (e.g. "label=a")', { value: 'filter' }),
    flag('string', 'format', "Format output: 'table', 'json' or a Go template"),
    flag('bool', 'no-trunc', "Don't truncate ids"),
    flag('bool', 'noheading', 'Do not print the headings'),
    flag('bool', 'quiet,q', 'Only display ids'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const { listPods, podStatus } = await import('../../../pod/pod.ts')
    const wanted = parseFilters(flags.list('filter'), Object.keys(tests))
    const pods = (await listPods(await engine())).filter((pod) =>
      wanted.every(({ name, value }) => tests[name]?.(pod, value, podStatus(pod))),
    )
    const short = (id: string): string => (flags.bool('no-trunc') ? id : id.slice(0, 12))
    const rows = pods.map((pod) => {
      const containers = [pod.infra, ...pod.members]
      return {
        Id: short(pod.id),
        Name: pod.name,
        Status: podStatus(pod),
        Created: humanAgo(pod.created, Date.now()),
        InfraId: short(pod.infra.record.id),
        NumberOfContainers: String(containers.length),
        ContainerIds: containers.map(({ record }) => short(record.id)).join(','),
        ContainerNames: containers.map(({ record }) => record.name).join(','),
        ContainerStatuses: containers.map(({ state }) => state.status).join(','),
        Labels: Object.entries(pod.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      }
    })
    const columns = [
      'Id',
      'Name',
      'Status',
      'Created',
      'InfraId',
      ...(flags.bool('ctr-ids') ? ['ContainerIds'] : []),
      ...(flags.bool('ctr-names') ? ['ContainerNames'] : []),
      ...(flags.bool('ctr-status') ? ['ContainerStatuses'] : ['NumberOfContainers']),
    ]
    const defaultTable = columns.map((name) => `{{.${name}}}`).join('\t')
    const format = flags.bool('quiet') ? '{{.Id}}' : flags.string('format')
    const text = formatRows(rows, { format, defaultTable, headers })
    io.stdout.write(flags.bool('noheading') ? text.replace(/^.*\n/, '') : text)
    return 0
  },
}
