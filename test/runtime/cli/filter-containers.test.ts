import t from 'tap'
import {
  containerFilterNames,
  filterContainers,
  parseFilters,
} from '../../../runtime/cli/output/filter-containers.ts'
import { sampleContainer } from './sample-container.ts'

const web = sampleContainer()
const job = sampleContainer(
  {
    id: 'f'.repeat(64),
    name: 'job-1',
    created: '2026-01-02T00:00:00.000000000Z',
    imageReference: 'docker.io/library/busybox:latest',
    mounts: [],
    resolved: { ...web.record.resolved, labels: { app: 'job' }, exposedPorts: [] },
  },
  { status: 'exited', exitCode: 3, network: undefined },
)

const rows: { filters: string[]; want: string[] }[] = [
  { filters: [], want: ['job-1', 'web'] },
  { filters: ['name=we'], want: ['web'] },
  { filters: ['name=^job-[0-9]$'], want: ['job-1'] },
  { filters: ['name=('], want: [] },
  { filters: ['name=web', 'name=job'], want: ['job-1', 'web'] },
  { filters: ['id=0123'], want: ['web'] },
  { filters: ['label=app'], want: ['job-1', 'web'] },
  { filters: ['label=app=web', 'label=tier'], want: ['web'] },
  { filters: ['label=app=web', 'label=app=job'], want: [] },
  { filters: ['label=constructor'], want: [] },
  { filters: ['status=exited'], want: ['job-1'] },
  { filters: ['exited=3'], want: ['job-1'] },
  { filters: ['exited=0'], want: [] },
  { filters: ['ancestor=busybox'], want: ['job-1'] },
  { filters: ['ancestor=nginx:latest'], want: ['web'] },
  { filters: ['before=job-1'], want: ['web'] },
  { filters: ['since=web'], want: ['job-1'] },
  { filters: ['volume=data'], want: ['web'] },
  { filters: ['volume=/data'], want: ['web'] },
  { filters: ['network=bridge', 'status=running'], want: ['web'] },
  { filters: ['publish=8080'], want: ['web'] },
  { filters: ['publish=8000-9000/tcp'], want: ['web'] },
  { filters: ['expose=443'], want: ['web'] },
  { filters: ['health=none', 'name=web'], want: ['web'] },
  { filters: ['restart-policy=no'], want: ['job-1', 'web'] },
  { filters: ['restart-policy=always'], want: [] },
  { filters: ['should-start-on-boot=true'], want: [] },
  { filters: ['should-start-on-boot=false', 'name=web'], want: ['web'] },
]

for (const { filters, want } of rows) {
  t.test(`filters ${filters.join(' ') || 'nothing'}`, async (t) => {
    const found = filterContainers([job, web], parseFilters(filters, containerFilterNames))
    t.strictSame(
      found.map(({ record }) => record.name),
      want,
    )
  })
}

t.test('an unknown filter names the nearest', async (t) => {
  t.throws(() => parseFilters(['lable=x'], containerFilterNames), {
    code: 'INVALID_ARGUMENT',
    hint: /label/,
  })
  t.throws(() => parseFilters(['status'], containerFilterNames), { code: 'INVALID_ARGUMENT' })
})

const one = (text: string) => parseFilters([text], containerFilterNames)

t.test('an unknown status or reference is an error', async (t) => {
  t.throws(() => filterContainers([web], one('status=busy')), { code: 'INVALID_ARGUMENT' })
  t.throws(() => filterContainers([web], one('before=ghost')), { code: 'NOT_FOUND' })
})

const bootRows = [
  { policy: 'no', stoppedByUser: false, starts: false },
  { policy: 'on-failure', stoppedByUser: false, starts: false },
  { policy: 'always', stoppedByUser: true, starts: true },
  { policy: 'unless-stopped', stoppedByUser: false, starts: true },
  { policy: 'unless-stopped', stoppedByUser: true, starts: false },
] as const

for (const { policy, stoppedByUser, starts } of bootRows)
  t.test(`boot: ${policy}, ${stoppedByUser ? '' : 'not '}stopped by a user`, async (t) => {
    const restart = { ...web.record.options.restart, name: policy }
    const container = sampleContainer(
      { options: { ...web.record.options, restart } },
      { stoppedByUser },
    )
    const found = filterContainers([container], one(`should-start-on-boot=${starts}`))
    t.equal(found.length, 1)
  })
