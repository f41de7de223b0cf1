import t from 'tap'
import { maskedPaths, readonlyPaths } from '../../../runtime/security/default-paths.ts'

t.test('thermal counters are masked for each processor', async (t) => {
  const masked = maskedPaths(['cpu0', 'cpu1'])
  t.equal(masked.length, 16)
  t.ok(masked.includes('/proc/interrupts'))
  t.ok(masked.includes('/sys/devices/system/cpu/cpu1/thermal_throttle'))
  t.notOk(masked.includes('/sys/devices/system/cpu/cpu2/thermal_throttle'))
})

t.test('what can change the kernel is read-only', async (t) => {
  t.ok(readonlyPaths.includes('/proc/sysrq-trigger'))
  t.ok(readonlyPaths.includes('/proc/sys'))
})
