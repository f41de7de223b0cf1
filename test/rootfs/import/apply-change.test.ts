import t from 'tap'
import { applyChange } from '../../../rootfs/import/apply-change.ts'

const accepted: { change: string; want: Record<string, unknown> }[] = [
  { change: 'CMD ["a", "b c"]', want: { Cmd: ['a', 'b c'] } },
  { change: 'cmd echo hi', want: { Cmd: ['/bin/sh', '-c', 'echo hi'] } },
  { change: 'CMD=["a"]', want: { Cmd: ['a'] } },
  { change: 'ENTRYPOINT ["/x"]', want: { Entrypoint: ['/x'] } },
  { change: 'ENV A=1', want: { Env: ['A=1'] } },
  { change: 'ENV A 1 2', want: { Env: ['A=1 2'] } },
  { change: 'EXPOSE 80 53/udp', want: { ExposedPorts: { '80/tcp': {}, '53/udp': {} } } },
  { change: 'VOLUME ["/a", "/b"]', want: { Volumes: { '/a': {}, '/b': {} } } },
  { change: 'LABEL a="b c"', want: { Labels: { a: 'b c' } } },
  { change: 'USER 1:2', want: { User: '1:2' } },
  { change: 'WORKDIR /w', want: { WorkingDir: '/w' } },
  { change: 'STOPSIGNAL SIGQUIT', want: { StopSignal: 'SIGQUIT' } },
]

for (const { change, want } of accepted)
  t.test(change, async (t) => {
    const config = {}
    applyChange(config, change)
    t.strictSame(config, want)
  })

t.test('a later ENV replaces an earlier one', async (t) => {
  const config = { Env: ['A=1', 'B=2'] }
  applyChange(config, 'ENV A=3')
  t.strictSame(config.Env, ['B=2', 'A=3'])
})

for (const change of ['RUN x', 'CMD', '', '__proto__ x', 'constructor x'])
  t.test(`refuses "${change}"`, async (t) => {
    t.throws(() => applyChange({}, change), { code: 'INVALID_ARGUMENT' })
  })
