import { readFileSync } from 'node:fs'
import t from 'tap'
import { newAssembler } from './assembler.ts'
import { recordType, startZygote } from './zygote-client.ts'

/** It waits for a signal. */
function waiting(id: bigint): Buffer {
  const a = newAssembler()
  a.emit('record', [recordType.user, 0])
  a.sys(process.arch === 'arm64' ? 73 : 271, [0, 0, 0, 0, 0])
  a.emit('end', [])
  return a.build({ id })
}

t.test('each that is killed is told of, although their signals become one', async (t) => {
  const count = 20
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  for (let id = 1; id <= count; id++) {
    zygote.send(waiting(BigInt(id)))
    await zygote.next(recordType.user)
  }
  const { pid } = zygote.process
  const path = `/proc/${pid}/task/${pid}/children`
  const children = readFileSync(path, 'utf8').trim().split(' ').map(Number)
  t.equal(children.length, count)
  zygote.process.kill('SIGSTOP')
  for (const child of children) process.kill(child, 'SIGKILL')
  zygote.process.kill('SIGCONT')
  const told: number[] = []
  for (let number = 0; number < count; number++) {
    const { id, value } = await zygote.next(recordType.died)
    t.equal(value, 9)
    told.push(Number(id))
  }
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  t.strictSame(
    told.toSorted((a, b) => a - b),
    ids,
  )
  t.equal(readFileSync(path, 'utf8').trim(), '', 'none is left a zombie')
})
