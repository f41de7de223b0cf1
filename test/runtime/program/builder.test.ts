import t from 'tap'
import { ProgramBuilder } from '../../../runtime/program/builder.ts'
import { disassemble } from '../../../runtime/program/disassemble.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'

const reason = { why: 'a test needs it', source: 'test(7)' }

t.test('refuses a step without a reason or a source', async (t) => {
  const b = new ProgramBuilder('x86_64')
  t.throws(() => b.call('close', [0], { why: '', source: 'close(2)' }), { code: 'INTERNAL' })
  t.throws(() => b.call('close', [0], { why: 'x', source: '' }), { code: 'INTERNAL' })
})

t.test('refuses to jump backwards or nowhere', async (t) => {
  for (const place of ['before', 'never'] as const) {
    const b = new ProgramBuilder('x86_64')
    const label = b.label('there')
    if (place === 'before') b.place(label)
    b.jump(label, reason)
    b.operation('END', [], reason)
    t.throws(() => b.build(), { code: 'INTERNAL' }, place)
  }
})

t.test('refuses more slots than the shim has', async (t) => {
  const b = new ProgramBuilder('x86_64')
  for (let index = 0; index < 128; index++) b.slot(`s${index}`)
  t.equal(b.slot('s5').value, 5)
  t.throws(() => b.slot('one more'), { code: 'UNSUPPORTED' })
})

t.test('keeps each text once, and words as pointers', async (t) => {
  const b = new ProgramBuilder('x86_64')
  t.equal(b.text('a').value, b.text('a').value)
  const words = b.data.words([b.text('a'), -1, 2n ** 64n - 1n])
  b.operation('END', [], reason)
  const program = b.build()
  t.same(program.relocations, [words.value])
  t.same([...program.data.subarray(words.value + 8, words.value + 24)], Array(16).fill(255))
})

t.test('refuses a text that the kernel would cut', async (t) => {
  t.throws(() => new ProgramBuilder('x86_64').text('a\0b'), { code: 'INVALID_SPEC' })
})

t.test('refuses a call that the architecture lacks', async (t) => {
  const b = new ProgramBuilder('aarch64')
  b.call('open', [0], reason)
  b.operation('END', [], reason)
  t.throws(() => encodeProgram(b.build()), { code: 'INTERNAL' })
})

t.test('refuses bytes that are no program', async (t) => {
  t.throws(() => disassemble(new Uint8Array(64)), { code: 'PROTOCOL' })
  t.throws(() => disassemble(new Uint8Array(3)), { code: 'PROTOCOL' })
})
