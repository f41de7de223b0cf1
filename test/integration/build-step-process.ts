import { join } from 'node:path'
import { makeStepFolder } from '../../rootfs/build-steps/step-folder.ts'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import { takeLease } from '../../rootfs/store/lease.ts'
import { openStepRunner } from '../../runtime/build-step/step-runner.ts'

// A build of one RUN, for tests that kill it: state root, then the layer below, then the command.

const [root = '', layer = '', command = ''] = process.argv.slice(2)
const store = openImageStore({ dataDir: join(root, 'data'), runDir: join(root, 'run') })
const lease = await takeLease(store)
const runner = openStepRunner(root)
await runner.run({
  step: makeStepFolder(lease, [layer]),
  command: ['/bin/sh', '-c', command],
  env: [],
  workdir: '/',
  user: '',
  network: 'default',
  mounts: [
    { kind: 'secret', target: '/s', content: Buffer.from('secret') },
    { kind: 'cache', target: '/c', readOnly: false, sharing: 'locked' },
  ],
  onOutput: (_stream, data) => process.stdout.write(data),
})
