import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { hasErrno } from '../../runtime/network/kernel-verdict.ts'
import { decodeGeneration, dumpRules, getGeneration } from '../../runtime/network/nftables/dump.ts'
import {
  addChain,
  addRule,
  addTable,
  deleteTable,
  encodeBatch,
} from '../../runtime/network/nftables/message.ts'
import type { TableChange } from '../../runtime/network/nftables/message.ts'
import { addSet } from '../../runtime/network/nftables/set.ts'
import type { SetDefinition } from '../../runtime/network/nftables/set.ts'
import type { BaseChain } from './base-table.ts'
import type { TablePart } from './table-part.ts'
import { joinChanges, makeTableState } from './table-state.ts'

/** What is in a table whoever has a part in it. */
export interface KernelTableOptions {
  readonly table: string
  readonly sets: readonly SetDefinition[]
  readonly chains: readonly BaseChain[]
  /** Elements of the sets that are there from the beginning. */
  readonly elements?: readonly TableChange[] | undefined
}

/** An nftables table in the network namespace of this process, made of the parts of many owners. */
export interface KernelTable {
  /** Give each owner its part, in one transaction. @returns how many changes that took */
  apply(parts: ReadonlyMap<string, TablePart>): number
  /** Whether somebody else changed or removed it since. */
  isDamaged(): boolean
}

/** Bytes of one transaction, below the send buffer of the socket. */
const mostBytes = 900_000

/**
 * The table is made anew with the first parts, in the same transaction that takes away what an earlier process left:
 * no packet meets a table that is half there. Connections go on meanwhile, for the kernel knows them.
 */
export function openKernelTable(options: KernelTableOptions): KernelTable {
  const { table, chains } = options
  const state = makeTableState(table)
  let isBuilt = false
  let generation: number | undefined
  const baseRules = chains.reduce((sum, { rules }) => sum + rules.length, 0)
  return {
    apply: (parts) => {
      using socket = openFirewall()
      const changes = joinChanges([...parts].map(([owner, part]) => state.replace(owner, part)))
      const all = isBuilt ? changes : [...newTable(options), ...changes]
      if (all.length === 0) return 0
      for (const some of isBuilt ? [all] : batches(all)) changeTable(socket, table, some)
      isBuilt = true
      generation = readGeneration(socket)
      return all.length
    },
    isDamaged: () => {
      if (!isBuilt) return false
      using socket = openFirewall()
      const now = readGeneration(socket)
      if (now === generation) return false
      const present = socket.read(dumpRules(table)).length
      if (present !== baseRules + state.rules()) return true
      generation = now
      return false
    },
  }
}

/** Take a table away; fine where there is none. Connections that stand go on. */
export function removeKernelTable(table: string): void {
  using socket = openFirewall()
  tolerateMissing(() => changeTable(socket, table, [deleteTable(table)]))
}

export function openFirewall(): NetlinkSocket {
  return openNetlinkSocket('netfilter')
}

function readGeneration(socket: NetlinkSocket): number | undefined {
  const [message] = socket.read(getGeneration())
  return message && decodeGeneration(message)
}

export function tolerateMissing(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
}

function newTable({ table, sets, chains, elements = [] }: KernelTableOptions): TableChange[] {
  return [
    addTable(table),
    deleteTable(table),
    addTable(table),
    ...sets.map((set, index) => addSet(table, set, index + 1)),
    ...chains.map(({ name, base }) => addChain(table, name, base)),
    ...chains.flatMap(({ name, rules }) =>
      rules.map(({ expressions, comment }) => addRule(table, name, expressions, comment)),
    ),
    ...elements,
  ]
}

/** Only a table of thousands of services does not fit one transaction: the rest follows at once. */
function batches(changes: readonly TableChange[]): TableChange[][] {
  const result: TableChange[][] = []
  let some: TableChange[] = []
  let bytes = 0
  for (const one of changes) {
    const size = encodeBatch([one]).length
    if (bytes + size > mostBytes) {
      result.push(some)
      some = []
      bytes = 0
    }
    some.push(one)
    bytes += size
  }
  return [...result, some]
}

/** One transaction. @throws {OperationError} naming what failed of it */
export function changeTable(
  socket: NetlinkSocket,
  table: string,
  changes: readonly TableChange[],
): void {
  for (const ack of socket.request(encodeBatch(changes), 1)) {
    const failed = changes[ack.sequence - 1]
    const detail = { table, change: failed?.type ?? 'batch' }
    try {
      requireAck(ack, 'change the rules of packets', detail)
    } catch (cause) {
      throw explained(cause, detail)
    }
  }
}

function explained(cause: unknown, detail: Readonly<Record<string, string>>): unknown {
  if (!hasErrno(cause, 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'EAFNOSUPPORT')) return cause
  return new OperationError('UNSUPPORTED', 'write rules of nf_tables', detail, {
    cause,
    hint: 'Needs CONFIG_NF_TABLES with NFT_NAT, NFT_MASQ, NFT_FIB_INET, NFT_NUMGEN, NFT_REJECT_INET and NFT_CT',
  })
}
