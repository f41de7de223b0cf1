import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, type Row, checkRuntime, groupFolders } from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config-linux.md#control-groups.

type Change = (config: Config) => void

const rows: Row[] = [
  {
    title: 'cgroupsPath is below the mount point, and always the same place',
    check(t, runtime) {
      const { sleeper, state, run, group } = runtime
      const path = `${group}/bundle-same`
      for (const round of [1, 2]) {
        const id = sleeper(({ linux }) =>
          Object.assign(linux, { cgroupsPath: path, resources: { pids: { limit: 20 } } }),
        )
        t.match(
          readFileSync(`/proc/${state(id).pid}/cgroup`, 'utf8'),
          new RegExp(`:${path}$`, 'm'),
          `round ${round}`,
        )
        t.ok(groupFolders(path).length > 0)
        run(['delete', '--force', id])
      }
    },
  },
  {
    title: 'a relative cgroupsPath is taken, one with .. is refused or stays below',
    check(t, { sleeper, state, run, bundle, create, newId, group }) {
      const id = sleeper(({ linux }) =>
        Object.assign(linux, { cgroupsPath: `${group.slice(1)}/bundle-relative` }),
      )
      t.match(readFileSync(`/proc/${state(id).pid}/cgroup`, 'utf8'), 'bundle-relative')
      run(['delete', '--force', id])
      const outside = newId()
      create(
        outside,
        bundle(({ linux }) => Object.assign(linux, { cgroupsPath: `${group}/../../../../escape` })),
      )
      t.notOk(existsSync('/sys/fs/escape'))
      run(['delete', '--force', outside])
      for (const folder of groupFolders('/escape')) execFileSync('rmdir', [folder])
    },
  },
  {
    title: 'limits are those of the configuration',
    check(t, runtime) {
      const { sleeper, run, group } = runtime
      const path = `${group}/bundle-limits`
      const id = sleeper(({ linux }) =>
        Object.assign(linux, {
          cgroupsPath: path,
          resources: {
            pids: { limit: 33 },
            memory: { limit: 64 << 20 },
            cpu: { shares: 512, quota: 50_000, period: 100_000 },
          },
        }),
      )
      const read = (...names: readonly string[]): string => {
        const file = groupFolders(path)
          .flatMap((folder) => names.map((name) => join(folder, name)))
          .find((one) => existsSync(one))
        return file === undefined ? '' : readFileSync(file, 'utf8').trim()
      }
      t.equal(read('pids.max'), '33')
      t.equal(read('memory.limit_in_bytes', 'memory.max'), String(64 << 20))
      t.match(read('cpu.cfs_quota_us', 'cpu.max'), /^50000/)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'device rules apply in the listed order',
    check(t, { shell }) {
      const rules =
        (...resources: object[]): Change =>
        ({ linux }) =>
          Object.assign(linux, {
            resources: { devices: resources },
            devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229 }],
          })
      const deny = { allow: false, access: 'rwm' }
      const allow = { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' }
      const read = '(: < /dev/fuse) 2>/dev/null && echo open || echo closed'
      t.equal(shell(read, rules(deny, allow)).stdout, 'open\n')
      t.equal(shell(read, rules(allow, { ...allow, allow: false })).stdout, 'closed\n')
    },
  },
  {
    title: 'unified: every file is written, and what has no controller is an error',
    check(t, runtime) {
      const { bundle, newId, create, run, group } = runtime
      const path = `${group}/bundle-unified`
      const id = newId()
      const made = create(
        id,
        bundle(({ linux }) =>
          Object.assign(linux, {
            cgroupsPath: path,
            resources: { unified: { 'cgroup.max.depth': '7' } },
          }),
        ),
      )
      t.equal(made.code, 0, made.stderr)
      const file =
        groupFolders(path)
          .map((folder) => join(folder, 'cgroup.max.depth'))
          .find((one) => existsSync(one)) ?? ''
      t.equal(readFileSync(file, 'utf8'), '7\n')
      run(['delete', '--force', id])
      t.not(
        create(
          newId(),
          bundle(({ linux }) =>
            Object.assign(linux, { resources: { unified: { 'nonsense.max': '1' } } }),
          ),
        ).code,
        0,
      )
    },
  },
]

void checkRuntime(t, rows)
