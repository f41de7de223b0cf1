import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort, startMachine, untilThere } from '../machines/cluster-machines.ts'
import type { Machine } from '../machines/cluster-machines.ts'
import type { GuestImage } from '../vm/harness/guest-image.ts'
import { startGuest } from '../vm/harness/start-guest.ts'
import { macOf, makeSystemdImage } from './systemd-image.ts'
import type { MachineName } from './systemd-image.ts'

export interface Answer {
  readonly exitCode: number
  /** Standard output and standard error. */
  readonly output: string
}

export interface SystemdMachine {
  /** Type a script for the administrator's shell; one after the other. */
  run(script: string): Promise<Answer>
  /** The same, of what has to succeed. @returns what it printed */
  ok(script: string): Promise<string>
  /** In good order. @returns when it has booted again and started everything */
  reboot(): Promise<void>
  /** All that its administrator saw. */
  output(): string
}

export interface SystemdMachines {
  readonly server: SystemdMachine
  readonly node: SystemdMachine
  /** Temporary. */
  readonly folder: string
  /** Of this host; the server's 6443 is behind it. */
  readonly port: number
}

/** Boot both side by side. @returns when systemd has started everything on them */
export async function startSystemdMachines(t: Test): Promise<SystemdMachines> {
  const image = makeSystemdImage()
  const started: Machine[] = []
  t.teardown(async () => {
    await Promise.all(started.map((machine) => machine.kill()))
    image.remove()
  })
  const port = await freePort()
  const wire = join(image.folder, 'wire.sock')
  const boot = (name: MachineName, wireEnd: string, forward = ''): SystemdMachine => {
    const machine = bootMachine(
      image,
      name,
      [
        ['-netdev', `user,id=out,restrict=on${forward}`],
        ['-device', `virtio-net-pci,netdev=out,mac=${macOf(name, 'out')}`],
        ['-netdev', `stream,id=private,addr.type=unix,addr.path=${wire},server=${wireEnd}`],
        ['-device', `virtio-net-pci,netdev=private,mac=${macOf(name, 'private')}`],
      ].flat(),
    )
    started.push(machine)
    return administer(machine, name)
  }
  const server = boot('server', 'on', `,hostfwd=tcp:127.0.0.1:${port}-10.0.2.15:6443`)
  await untilThere(image.folder, wire)
  const node = boot('node-1', 'off')
  await Promise.all([server.ok(untilStarted), node.ok(untilStarted)])
  return { server, node, folder: image.folder, port }
}

function bootMachine(image: GuestImage, name: MachineName, network: readonly string[]): Machine {
  const kernelWords = `net.ifnames=0 systemd.hostname=${name}`
  return startMachine((onLine) =>
    startGuest(image, { name, memoryMib: 1024, network, kernelWords, mayReboot: true, onLine }),
  )
}

/** Fails where a unit has. */
const untilStarted = 'systemctl is-system-running --wait || { systemctl --failed; exit 1; }'

function administer(machine: Machine, name: MachineName): SystemdMachine {
  let [number, boots] = [0, 0]
  // Each boot has a shell, which says so; lines that came before one are those of another.
  const shellOf = (boot: number): Promise<string> =>
    machine.untilLine(new RegExp(`^@shell ${boot} ${name}$`))
  const type = (script: string): void =>
    machine.type(`${++number} ${Buffer.from(script).toString('base64')}`)
  const run = async (script: string): Promise<Answer> => {
    await shellOf(boots)
    const from = machine.output().length
    type(script)
    const end = await machine.untilLine(new RegExp(`@end ${number} \\d+$`))
    const output = machine
      .output()
      .slice(from)
      .replace(/@end .*$/s, '')
      .trim()
    return { exitCode: Number(end.split(' ').at(-1)), output }
  }
  const ok = async (script: string): Promise<string> => {
    const { exitCode, output } = await run(script)
    if (exitCode !== 0) throw new Error(`${name}: ${script}: exit code ${exitCode}\n${output}`)
    return output
  }
  const reboot = async (): Promise<void> => {
    // The shell may be gone before it could say that this has ended.
    type('systemctl reboot')
    boots++
    await ok(untilStarted)
  }
  return { run, ok, reboot, output: () => machine.output() }
}
