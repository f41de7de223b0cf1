import type { BlockIoResources, Integer, ThrottleDevice, WeightDevice } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import {
  isSet,
  maxUint64,
  refuseSetting,
  requireInteger,
  v1Source,
  v2Source,
} from './limit-write.ts'

const v2Io = `${v2Source}#io-interface-files`
const v1Io = `${v1Source}/blkio-controller.html`

const throttles = [
  { field: 'throttleReadBpsDevice', v1: 'read_bps_device', v2: 'rbps', what: 'bytes read' },
  { field: 'throttleWriteBpsDevice', v1: 'write_bps_device', v2: 'wbps', what: 'bytes written' },
  { field: 'throttleReadIOPSDevice', v1: 'read_iops_device', v2: 'riops', what: 'reads' },
  { field: 'throttleWriteIOPSDevice', v1: 'write_iops_device', v2: 'wiops', what: 'writes' },
] as const

/**
 * Files for `linux.resources.blockIO`.
 *
 * A weight goes to the file of each I/O scheduler that takes one (BFQ, io.cost); the file of a
 * scheduler that the kernel lacks does not exist, which is tolerated.
 *
 * @throws {OperationError} `INVALID_SPEC` out of range; `UNSUPPORTED` for leaf weights
 */
export function blockIoLimits(io: BlockIoResources, { version }: LimitContext): LimitWrite[] {
  if (isSet(io.leafWeight)) refuseLeafWeight()
  const writes: LimitWrite[] = []
  if (isSet(io.weight)) {
    const weight = requireInteger('blockIO.weight', io.weight, 10, 1000)
    writes.push(...weightWrites(version, '', weight, 'share of a busy disk'))
  }
  for (const device of io.weightDevice ?? []) writes.push(...deviceWeight(version, device))
  for (const { field, v1, v2, what } of throttles)
    for (const device of io[field] ?? []) {
      const { id, rate } = checkedThrottle(field, device)
      const why = `${what} per second, device ${id}`
      writes.push(
        version === 'v2'
          ? {
              file: 'io.max',
              value: `${id} ${v2}=${rate === '0' ? 'max' : rate}`,
              why,
              source: v2Io,
            }
          : { file: `blkio.throttle.${v1}`, value: `${id} ${rate}`, why, source: v1Io },
      )
    }
  return writes
}

/** v1 weight (10..1000) as v2 `io.weight` (1..10000), both ends kept. */
function blockIoWeightToV2(weight: Integer): number {
  return 1 + Math.floor(((Number(weight) - 10) * 9999) / 990)
}

function refuseLeafWeight(): never {
  refuseSetting(
    'blockIO.leafWeight',
    'leaf weights went with the CFQ scheduler in Linux 5.0',
    'Leave leafWeight out',
  )
}

function deviceWeight(version: 'v1' | 'v2', device: WeightDevice): LimitWrite[] {
  if (isSet(device.leafWeight)) refuseLeafWeight()
  if (!isSet(device.weight)) return []
  const weight = requireInteger('blockIO.weightDevice.weight', device.weight, 10, 1000)
  return weightWrites(version, `${deviceId('weightDevice', device)} `, weight, 'share of one disk')
}

function weightWrites(
  version: 'v1' | 'v2',
  device: string,
  weight: string,
  why: string,
): LimitWrite[] {
  const suffix = device === '' ? '' : '_device'
  const files =
    version === 'v2'
      ? { 'io.bfq.weight': weight, 'io.weight': String(blockIoWeightToV2(Number(weight))) }
      : { [`blkio.bfq.weight${suffix}`]: weight, [`blkio.weight${suffix}`]: weight }
  return Object.entries(files).map(([file, value]) => ({
    file,
    value: `${device}${value}`,
    why: `${why} (absent where the kernel lacks this I/O scheduler)`,
    source: version === 'v2' ? v2Io : v1Io,
    tolerate: ['ENOENT', 'EOPNOTSUPP'],
  }))
}

function checkedThrottle(field: string, device: ThrottleDevice): { id: string; rate: string } {
  return {
    id: deviceId(field, device),
    rate: requireInteger(`blockIO.${field}.rate`, device.rate, 0, maxUint64),
  }
}

function deviceId(field: string, device: { major: Integer; minor: Integer }): string {
  const major = requireInteger(`blockIO.${field}.major`, device.major, 0, 4095)
  const minor = requireInteger(`blockIO.${field}.minor`, device.minor, 0, 1_048_575)
  return `${major}:${minor}`
}
