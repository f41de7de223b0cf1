import t from 'tap'
import { goTo, verdict } from '../../../runtime/network/nftables/expression.ts'
import type { TablePart } from '../../../orchestrator/service-proxy/table-part.ts'
import { emptyPart } from '../../../orchestrator/service-proxy/table-part.ts'
import { joinChanges, makeTableState } from '../../../orchestrator/service-proxy/table-state.ts'

const key = new Uint8Array([1])

function part(chain: string, comment = 'x'): TablePart {
  return {
    ...emptyPart,
    maps: new Map([[`map-${chain}`, { name: `map-${chain}`, key: ['mark'], data: ['ipv4_addr'] }]]),
    chains: new Map([[chain, [{ comment, expressions: [verdict('accept')] }]]]),
    elements: [{ set: 'shared', element: { key, data: goTo(chain) } }],
  }
}

const types = (changes: ReturnType<typeof joinChanges>): string[] => changes.map(({ type }) => type)

t.test('what is the same takes no change', async (t) => {
  const state = makeTableState('t')
  t.strictSame(types(joinChanges([state.replace('a', part('one'))])), [
    'newSet',
    'newChain',
    'newElement',
    'newRule',
  ])
  t.strictSame(types(joinChanges([state.replace('a', part('one'))])), [])
  t.equal(state.rules(), 1)
})

t.test('another rule empties the chain and fills it', async (t) => {
  const state = makeTableState('t')
  state.replace('a', part('one'))
  t.strictSame(types(joinChanges([state.replace('a', part('one', 'y'))])), [
    'deleteRule',
    'newRule',
  ])
})

t.test('what goes is let go of before it is deleted', async (t) => {
  const state = makeTableState('t')
  state.replace('a', part('one'))
  t.strictSame(types(joinChanges([state.replace('a', emptyPart)])), [
    'deleteRule',
    'deleteElement',
    'deleteChain',
    'deleteSet',
  ])
  t.equal(state.rules(), 0)
})

t.test('two that claim one key: the second has it when the first is gone', async (t) => {
  const state = makeTableState('t')
  state.replace('a', part('one'))
  const second = types(joinChanges([state.replace('b', part('two'))]))
  t.notOk(second.includes('newElement'), 'the first keeps it')
  const gone = types(joinChanges([state.replace('a', emptyPart)]))
  t.ok(gone.indexOf('deleteElement') < gone.indexOf('newElement'))
})
