import { readFileSync } from 'node:fs'
import { sendExchanges } from '../../../runtime/network/send-exchange.ts'
import type { NetlinkExchange } from '../../../runtime/network/netlink-exchange.ts'

// Stands for the start program of a container: carries out exchanges that a file holds, in the
// network namespace it was started in. Run by tests under nsenter.

interface StoredExchange extends Omit<NetlinkExchange, 'message'> {
  readonly message: string
}

const stored = JSON.parse(readFileSync(0, 'utf8')) as StoredExchange[]
sendExchanges(stored.map((one) => ({ ...one, message: Buffer.from(one.message, 'base64') })))
