import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ociBench } from './oci-bench.ts'

// A checkpoint comes from somebody else: what it says about itself is not believed.

t.test(
  'CVE-2026-53492, CVE-2026-50195: what a checkpoint says of its container is not read',
  async (t) => {
    const bench = ociBench(t)
    const marker = join(bench.folder, 'marker')
    const image = join(bench.folder, 'checkpoint')
    mkdirSync(image)
    const hostile = JSON.stringify({
      rootfsImageName: 'localhost/trusted:latest',
      runtime: `/bin/touch ${marker}`,
      annotations: { 'cdi.k8s.io/x': 'vendor.com/device=all', 'run.oci.hooks.stdout': marker },
      process: { args: ['/bin/touch', marker] },
      mounts: [{ destination: '/stolen', type: 'bind', source: '/etc', options: ['bind'] }],
      linux: { devices: [{ path: '/dev/stolen', type: 'b', major: 8, minor: 0 }] },
      hooks: { createRuntime: [{ path: '/bin/touch', args: ['touch', marker] }] },
    })
    writeFileSync(join(image, 'inventory.img'), '')
    for (const name of [
      'config.dump',
      'spec.dump',
      'config.json',
      'descriptors.json',
      'network.status',
      'devices.json',
    ])
      writeFileSync(join(image, name), hostile)
    symlinkSync('/etc/shadow', join(image, 'pid'))
    // Stands for CRIU: it tells what it was asked, and fails.
    const criu = join(bench.folder, 'criu')
    const told = join(bench.folder, 'told')
    writeFileSync(criu, `#!/bin/sh\ndd bs=65536 count=1 <&3 >${told}\nexit 1\n`, { mode: 0o755 })
    const volume = join(bench.folder, 'volume')
    mkdirSync(volume)
    const bundle = bench.bundle((config) => {
      config.mounts.push({
        destination: '/volume',
        type: 'bind',
        source: volume,
        options: ['rbind'],
      })
    })
    const words = [
      'restore',
      '--bundle',
      bundle,
      '--image-path',
      image,
      '--work-path',
      join(bench.folder, 'work'),
      'restored',
    ]
    const { code, stderr } = bench.run(['--criu', criu, ...words])
    t.not(code, 0)
    t.match(stderr, /criu restore failed/)
    const asked = readFileSync(told, 'utf8')
    t.match(asked, `mnt[/volume]:${volume}`, 'mounts are those of the bundle')
    t.notMatch(asked, /stolen|cdi|localhost|marker/)
    t.notOk(existsSync(marker), 'nothing of it is run')
    t.notMatch(bench.ok('list', '--quiet'), /restored/, 'nothing is left')
  },
)
