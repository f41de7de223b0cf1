import type { RunOptions } from '../runtime/index.ts'
import type { Laboratory } from './laboratory.ts'
import { type Row, takeSamples } from './samples.ts'
import { type KernelFloor, openKernelFloor } from './kernel-floor.ts'
import { printTable } from './table.ts'
import { timeBatch, timeCommands, timeStart, timeStarts } from './workload.ts'

const call = (rest: string): string =>
  `await runtime.run({ image: 'bench', command: ['/bin/true']${rest} })`
const limits = { memory: '64m', cpus: 0.5 }

/** Starts from a program that uses the library, beside the commands of others. */
export async function measureStart(laboratory: Laboratory): Promise<void> {
  await measureOne(laboratory)
  await measureLimited(laboratory)
  await measureRate(laboratory, { count: 24, width: 1 })
  await measureRate(laboratory, { count: 48, width: 8 })
  await measureHundred(laboratory, 1)
  await measureHundred(laboratory, 100)
}

async function measureOne(laboratory: Laboratory): Promise<void> {
  const { runs } = laboratory
  const rows = [
    ownRow(laboratory, "in process, bridge, to exec'ed", 'executed', {}, ''),
    ownRow(laboratory, 'in process, bridge, to its end', 'ended', {}, ' }); await …wait('),
    ownRow(
      laboratory,
      "in process, no network, to exec'ed",
      'executed',
      { network: 'none' },
      ", network: 'none'",
    ),
    ...laboratory.peers.map((peer): Row => peerRow(laboratory, peer.name, peer.runTrue)),
  ]
  printTable(
    {
      title: 'One start, in process; the others as commands, without network, to their end',
      unit: 'ms',
      notes: [
        'Ours: an overlay of the image, a veth on the bridge, an address, a v2 tracking cgroup.',
        'runc, crun: the same folder without overlay, an empty network namespace, cgroups of their choice,',
        '  our capabilities, seccomp filter, masked paths and namespaces. bwrap: no cgroup, no seccomp.',
        `The process of the in-process rows has made ${warmStarts} starts of each before.`,
      ],
    },
    await takeSamples(rows, runs),
  )
}

function ownRow(
  { runtime }: Laboratory,
  title: string,
  moment: 'executed' | 'ended',
  wish: RunOptions,
  words: string,
): Row {
  return {
    title,
    command: call(words),
    isOurs: true,
    warmUp: () => warm(() => timeStart(runtime, wish)),
    sample: async () => (await timeStart(runtime, wish))[moment],
  }
}

/** A library is called by programs that run for long: V8 has compiled what they do again and again. */
const warmStarts = 150

async function warm(start: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < warmStarts; count += 1) await start()
}

function peerRow({ shell, newName }: Laboratory, name: string, command: string): Row {
  return {
    title: name,
    command,
    sample: () => shell.time(command.replaceAll('{}', newName())),
  }
}

async function measureLimited(laboratory: Laboratory): Promise<void> {
  const words = ", network: 'none'"
  const rows = [
    ownRow(laboratory, 'in process, without limits', 'executed', { network: 'none' }, words),
    ownRow(
      laboratory,
      'in process, with limits',
      'executed',
      { network: 'none', ...limits },
      `${words}, memory: '64m', cpus: 0.5`,
    ),
    ...laboratory.peers.flatMap((peer) =>
      peer.runLimited === undefined ? [] : [peerRow(laboratory, peer.name, peer.runLimited)],
    ),
  ]
  printTable(
    {
      title: 'One start with limits of memory and processor time, without network',
      unit: 'ms',
      notes: ['On a host with v1 controllers a process has to be moved into each of their groups.'],
    },
    await takeSamples(rows, laboratory.runs),
  )
}

interface Batch {
  readonly count: number
  readonly width: number
}

function batchRows(laboratory: Laboratory, batch: Batch, isRate: boolean): Row[] {
  const { runtime, shell, newName } = laboratory
  const value = (ms: number): number => (isRate ? (batch.count * 1000) / ms : ms)
  const own: Row = {
    title: 'in process, bridge',
    command: call(''),
    isOurs: true,
    sample: async () => value(await timeStarts(runtime, batch.count, batch.width, {})),
  }
  const others = laboratory.peers.filter(({ isLight }) => isLight)
  return [
    own,
    {
      ...own,
      title: 'in process, no network',
      command: call(", network: 'none'"),
      sample: async () =>
        value(await timeStarts(runtime, batch.count, batch.width, { network: 'none' })),
    },
    ...others.map(({ name, runTrue }): Row => ({
      title: name,
      command: runTrue,
      sample: async () => value(await timeCommands(shell, runTrue, { ...batch, name: newName() })),
    })),
  ]
}

async function measureRate(laboratory: Laboratory, batch: Batch): Promise<void> {
  const floor = openKernelFloor(laboratory)
  try {
    const rows = [...batchRows(laboratory, batch, true), floorRow(floor, batch)]
    const rounds = Math.ceil(laboratory.runs / 3)
    printTable(
      {
        title: `Starts a second, ${batch.width} at a time, each waited for; the others without network`,
        unit: '/s',
        isRate: true,
        notes: [
          `A sample is ${batch.count} starts.`,
          'kernel: namespaces, a pair of interfaces, an address and execve, and nothing else: no root file system, no',
          '  group, no filter, no record. No start with a network of its own can be faster.',
        ],
      },
      await takeSamples(rows, rounds),
    )
  } finally {
    floor.close()
  }
}

function floorRow(floor: KernelFloor, { count, width }: Batch): Row {
  return {
    title: 'kernel, bridge',
    command: 'see bench/kernel-floor.ts',
    sample: async () => {
      const ms = await timeBatch(() => floor.start(), count, width)
      return (count * 1000) / ms
    },
  }
}

async function measureHundred(laboratory: Laboratory, width: number): Promise<void> {
  const how = width === 1 ? 'in sequence' : 'at once'
  printTable(
    {
      title: `100 starts ${how}; the others without network`,
      unit: 'ms',
      notes: ['podman and docker take minutes for this: left out.'],
    },
    await takeSamples(batchRows(laboratory, { count: 100, width }, false), 1),
  )
}
