import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { NetworkAttachment } from '../../../runtime/network/netlink-exchange.ts'
import { sendExchanges } from '../../../runtime/network/send-exchange.ts'

/** A process in a network namespace of its own, for which tests carry out what the start program would. */
export interface StandIn {
  readonly pid: number
  attach(attachment: NetworkAttachment): void
  /** Run a command in its namespace; standard output. */
  run(program: string, ...args: readonly string[]): string
  /** Start a web server that answers with the address it sees; resolves when it listens. */
  serve(port: number, protocol?: 'tcp' | 'udp'): Promise<void>
  end(): Promise<void>
}

const folder = import.meta.dirname

export async function startStandIn(): Promise<StandIn> {
  const init = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' })
  await once(init, 'spawn')
  const pid = init.pid ?? 0
  const own = readlinkSync('/proc/self/ns/net')
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await delay(1)
  const children: ChildProcess[] = [init]
  const enter = ['-n', '-t', String(pid)]
  return {
    pid,
    attach: ({ host, inside }) => {
      sendExchanges(host, pid)
      const input = JSON.stringify(
        inside.map((one) => ({ ...one, message: Buffer.from(one.message).toString('base64') })),
      )
      const script = join(folder, 'send-exchanges.ts')
      execFileSync('nsenter', [...enter, process.execPath, script], { input })
    },
    run: (program, ...args) =>
      execFileSync('nsenter', [...enter, program, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    serve: async (port, protocol = 'tcp') => {
      const script = join(folder, 'echo-address.ts')
      const args = [...enter, process.execPath, script, protocol, String(port)]
      const server = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(server)
      await once(server.stdout, 'data')
    },
    end: async () => {
      for (const child of children) {
        const closed = once(child, 'close')
        if (child.kill('SIGKILL')) await closed
      }
    },
  }
}
