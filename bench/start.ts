import type { RunOptions } from '../runtime/index.ts'
import type { Laboratory } from './laboratory.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'
import { timeCommands, timeStart, timeStarts } from './workload.ts'

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
    sample: async () => (await timeStart(runtime, wish))[moment],
  }
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
  const rows = batchRows(laboratory, batch, true)
  const rounds = Math.ceil(laboratory.runs / 3)
  printTable(
    {
      title: `Starts a second, ${batch.width} at a time, each waited for; the others without network`,
      unit: '/s',
      isRate: true,
      notes: [`A sample is ${batch.count} starts.`],
    },
    await takeSamples(rows, rounds),
  )
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
