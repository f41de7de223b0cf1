import t from 'tap'
import { expandSystemdPath } from '../../../runtime/oci/systemd-path.ts'

t.test('linux.cgroupsPath of engines that let systemd manage groups', async (t) => {
  const cases = [
    {
      title: 'podman',
      path: 'machine.slice:libpod:abc',
      wanted: '/machine.slice/libpod-abc.scope',
    },
    {
      title: 'nested slices',
      path: 'user-1000-app.slice:docker:abc',
      wanted: '/user.slice/user-1000.slice/user-1000-app.slice/docker-abc.scope',
    },
    { title: 'no slice', path: ':docker:abc', wanted: '/system.slice/docker-abc.scope' },
    { title: 'no prefix', path: 'a.slice::abc', wanted: '/a.slice/abc.scope' },
    { title: 'the root slice', path: '-.slice:p:abc', wanted: '/p-abc.scope' },
    { title: 'a slice as the unit', path: 'a.slice:p:b.slice', wanted: '/a.slice/b.slice' },
    { title: 'a path', path: '/docker/abc', wanted: '/docker/abc' },
    { title: 'a path with colons', path: '/a:b:c', wanted: '/a:b:c' },
  ]
  for (const { title, path, wanted } of cases)
    t.equal(expandSystemdPath(path, 'cgroupfs'), wanted, title)
})

t.test('refused', async (t) => {
  const cases = [
    'a:b',
    '/docker/abc',
    '../x.slice:a:b',
    'a--b.slice:a:b',
    'noslice:a:b',
    '.slice:a:b',
  ]
  for (const path of cases)
    t.throws(() => expandSystemdPath(path, 'systemd'), { code: 'INVALID_SPEC' }, path)
})
