import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type OciConfig, eventually, groupFolders, ociBench } from './oci-bench.ts'
import { startSystemd } from './systemd-in-namespaces.ts'

// --systemd-cgroup where systemd is the first process: it makes the unit, which lives as long as the container.

const unit = 'pre-one.scope'
const place = `test.slice/test-pods.slice/${unit}`

t.test('systemd makes the scope of a container', async (t) => {
  const { bundle, run, folder, group } = ociBench(t)
  const top = `${group.slice(1)}-systemd`
  const systemd = await startSystemd(top, folder)
  t.teardown(() => systemd.end())
  const beside = (...args: string[]): ReturnType<typeof run> =>
    run(['--systemd-cgroup', ...args], { prefix: systemd.prefix })
  const show = (property: string): string =>
    systemd.control('show', '--value', '--property', property, unit).trim()
  const write = (change: (config: OciConfig) => void = () => {}): string =>
    bundle((config) => {
      config.process.args = ['/bin/sleep', '600']
      config.linux.cgroupsPath = 'test-pods.slice:pre:one'
      config.linux.resources = { pids: { limit: 33 } }
      config['annotations'] = { 'org.systemd.property.TimeoutStopSec': '7' }
      change(config)
    })
  const isGone = (): boolean =>
    show('ActiveState') === 'inactive' && groupFolders(`${top}/${place}`).length === 0

  await t.test('as the configuration wants it', async (t) => {
    t.match(beside('create', '--bundle', write(), 'one'), { code: 0, stderr: '' })
    const wanted = {
      ActiveState: 'active',
      Slice: 'test-pods.slice',
      ControlGroup: `/${place}`,
      Delegate: 'yes',
      TasksMax: '33',
      TimeoutStopUSec: '7s',
    }
    for (const [property, value] of Object.entries(wanted)) t.equal(show(property), value, property)
    await eventually('the container is alone in it', () => show('TasksCurrent') === '1')
    t.match(beside('start', 'one'), { code: 0 })
  })

  await t.test('changed limits outlive a reload', async (t) => {
    t.match(beside('update', '--pids-limit', '44', 'one'), { code: 0 })
    t.equal(show('TasksMax'), '44')
    systemd.control('daemon-reload')
    const files = groupFolders(`${top}/${place}`).map((path) => join(path, 'pids.max'))
    const limits = files.filter(existsSync).map((file) => readFileSync(file, 'utf8').trim())
    t.same(limits, ['44'])
  })

  await t.test('it goes with the container, and its name is free at once', async (t) => {
    t.match(beside('delete', '--force', 'one'), { code: 0 })
    t.match(beside('create', '--bundle', write(), 'one'), { code: 0, stderr: '' })
    t.match(beside('delete', '--force', 'one'), { code: 0 })
    await eventually('the unit and its groups are gone', isGone)
  })

  await t.test('what fails leaves no unit', async (t) => {
    const noSuch = write(({ process }) => (process.args = ['/bin/no-such']))
    t.match(beside('create', '--bundle', noSuch, 'one'), { code: 1 })
    const property = { 'org.systemd.property.Slice': 'no value' }
    const refused = write((config) => (config['annotations'] = property))
    t.match(beside('create', '--bundle', refused, 'one'), { code: 1, stderr: /annotation/ })
    await eventually('the unit and its groups are gone', isGone)
  })
})
