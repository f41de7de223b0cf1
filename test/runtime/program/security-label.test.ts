import t from 'tap'
import { compile } from '../../../runtime/program/compile.ts'
import { explainFailure } from '../../../runtime/program/failure.ts'
import { formatStep } from '../../../runtime/program/listing.ts'
import { sampleConfig, sampleInput } from './sample-config.ts'

const label = 'system_u:object_r:container_file_t:s0:c1,c2'
const { process, linux } = sampleConfig()
const config = sampleConfig({
  process: { ...process!, apparmorProfile: 'box', selinuxLabel: 'u:r:t:s0' },
  linux: { ...linux, mountLabel: label },
})

for (const minor of [1, 18])
  t.test(`labels of files and programs, on Linux 6.${minor}`, async (t) => {
    const host = { ...sampleInput().host, kernel: { major: 6, minor } }
    const program = compile(sampleInput({ config, host }))
    const steps = program.steps.map((step) => formatStep(program, step))
    const index = (text: string | RegExp): number =>
      steps.findIndex((step) => (typeof text === 'string' ? step.includes(text) : text.test(step)))
    t.ok(index('"exec box"') > 0, 'AppArmor')
    t.ok(index('"u:r:t:s0"') > index('"exec box"'), 'SELinux')
    t.ok(index('"exec box"') > index('pivot_root'), 'after the root was entered')
    t.ok(index('"self/attr/apparmor/exec"') > 0, 'below the descriptor of the host’s procfs')
    t.ok(index(/execve\(/) > index('"u:r:t:s0"'), 'before the program')
    // The layers, /dev, /dev/pts, /dev/shm.
    t.equal(
      steps.filter((step) => step.includes(label)).length,
      4,
      steps.filter((s) => s.includes(label)).join('\n'),
    )
    for (const [text, errno] of [
      ['"self/attr/apparmor/exec"', 2],
      ['"u:r:t:s0"', 22],
    ] as const)
      t.match(explainFailure(program, { pc: index(text), errno }).hint, /AppArmor|SELinux/)
  })

t.test('nothing is labelled unasked', async (t) => {
  const program = compile(sampleInput())
  t.notOk(program.steps.some((step) => formatStep(program, step).includes('attr/')))
})
