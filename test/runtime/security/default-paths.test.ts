import t from 'tap'
import {
  defaultDevices,
  defaultMounts,
  defaultSysctls,
  maskedPaths,
  readonlyPaths,
} from '../../../runtime/security/default-paths.ts'
import { validateConfig } from '../../../runtime/spec/config.ts'

t.test('thermal counters are masked for each processor', async (t) => {
  const masked = maskedPaths(2)
  t.equal(masked.length, 14)
  t.ok(masked.includes('/proc/interrupts'))
  t.ok(masked.includes('/sys/devices/system/cpu/cpu1/thermal_throttle'))
  t.notOk(masked.includes('/sys/devices/system/cpu/cpu2/thermal_throttle'))
})

t.test('the size of /dev/shm', async (t) => {
  const shm = defaultMounts({ shmSize: 1024 }).find(({ destination }) => destination === '/dev/shm')
  t.ok(shm?.options?.includes('size=1024'))
})

for (const privileged of [false, true])
  t.test(`/sys is ${privileged ? 'writable' : 'read-only'}`, async (t) => {
    const sys = defaultMounts({ privileged }).find(({ destination }) => destination === '/sys')
    t.equal(sys?.options?.includes('ro'), !privileged)
  })

t.test('everything together is a valid configuration', async (t) => {
  const config = {
    ociVersion: '1.3.0',
    root: { path: 'rootfs' },
    mounts: defaultMounts(),
    linux: {
      namespaces: [{ type: 'network' }, { type: 'mount' }],
      devices: [...defaultDevices],
      maskedPaths: maskedPaths(1),
      readonlyPaths: [...readonlyPaths],
      sysctl: defaultSysctls(false),
    },
  }
  t.strictSame(validateConfig(config), config)
})
