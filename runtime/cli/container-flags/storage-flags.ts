import { OperationError } from '../../../native/error.ts'
import type { ContainerOptions } from '../../container/options.ts'
import type { MountSpec } from '../../container/mount-spec.ts'
import { isCdiName, parseGpus } from '../../container/parse/cdi-device.ts'
import { parseDevice, parseDeviceRule } from '../../container/parse/device.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseKeyValues } from '../../container/parse/key-value.ts'
import { parseMountFlag } from '../../container/parse/mount-flag.ts'
import { parseSecretFlag } from '../../container/parse/secret-flag.ts'
import { parseSize } from '../../container/parse/size.ts'
import { parseTmpfsFlag } from '../../container/parse/tmpfs-flag.ts'
import { parseVolumeDriver } from '../../container/parse/volume-driver.ts'
import { parseVolumeFlag } from '../../container/parse/volume-flag.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** What the container sees on disk and in /dev. */
export function storageFlags(): FlagSpec[] {
  return [
    flag('list', 'chrootdirs', 'Folders of the container that get /etc/hosts and its like too'),
    flag('list', 'device', 'Add a host device, or one by its CDI name (vendor.com/class=name)'),
    flag('list', 'device-cgroup-rule', 'Add a rule to the cgroup allowed devices list'),
    flag('list', 'gpus', 'GPU devices to add: all, a number, or device=ID[,ID]'),
    flag('string', 'image-volume', 'Volumes of the image: anonymous, tmpfs or ignore', {
      default: 'anonymous',
    }),
    flag('list', 'mount', 'Attach a filesystem mount to the container', { value: 'mount' }),
    flag('bool', 'read-only', "Mount the container's root filesystem as read only"),
    flag('bool', 'read-only-tmpfs', 'With --read-only, mount a tmpfs on /run, /tmp and /var/tmp', {
      default: 'true',
    }),
    flag('bool', 'rootfs', 'The first argument is not an image but the path of a root filesystem'),
    flag(
      'list',
      'secret',
      'Pass a secret: SECRET[,type=mount|env][,target=…][,uid=…][,gid=…][,mode=…]',
    ),
    flag('string', 'shm-size', 'Size of /dev/shm', { value: 'bytes', default: '64m' }),
    flag('list', 'storage-opt', 'Storage driver options for the container'),
    flag('list', 'tmpfs', 'Mount a tmpfs directory'),
    flag('list', 'volume,v', 'Bind mount a volume'),
    flag('string', 'volume-driver', 'Volume driver for the container: local or tmpfs'),
    flag('list', 'volumes-from', 'Mount volumes from the specified container(s)'),
  ]
}

type StorageOptions = Pick<
  ContainerOptions,
  | 'mounts'
  | 'chrootDirs'
  | 'secrets'
  | 'imageVolumes'
  | 'volumesFrom'
  | 'readOnly'
  | 'readOnlyTmpfs'
  | 'rootfs'
  | 'shmSize'
  | 'devices'
  | 'cdiDevices'
  | 'deviceCgroupRules'
  | 'storageOptions'
>

/** @throws {OperationError} INVALID_ARGUMENT */
export function readStorageFlags(flags: ParsedFlags, cwd: string): StorageOptions {
  const shmSize = flags.string('shm-size')
  const driver = parseVolumeDriver(flags.string('volume-driver') ?? '')
  const mounts: MountSpec[] = [
    ...flags.list('volume').map((text) => withDriver(parseVolumeFlag(text, cwd), driver)),
    ...flags.list('mount').map((text) => parseMountFlag(text, cwd)),
    ...flags.list('tmpfs').map((text) => parseTmpfsFlag(text)),
  ]
  const secrets = flags.list('secret').map(parseSecretFlag)
  requireDistinct([
    ...mounts.map(({ destination }) => destination),
    ...secrets.flatMap((secret) => (secret.type === 'mount' ? [secret.target] : [])),
  ])
  for (const { volumeDriver } of mounts) parseVolumeDriver(volumeDriver ?? '')
  const chrootDirs = flags.list('chrootdirs').flatMap((text) => text.split(',').map(chrootDir))
  return {
    mounts,
    ...(chrootDirs.length === 0 ? {} : { chrootDirs }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...readImageVolumes(flags.string('image-volume') ?? 'anonymous'),
    volumesFrom: flags.list('volumes-from'),
    readOnly: flags.bool('read-only'),
    readOnlyTmpfs: flags.bool('read-only-tmpfs', true),
    rootfs: flags.bool('rootfs'),
    ...(shmSize === undefined ? {} : { shmSize: parseSize(shmSize) }),
    devices: flags
      .list('device')
      .filter((text) => !isCdiName(text))
      .map(parseDevice),
    ...readCdiDevices(flags),
    deviceCgroupRules: flags.list('device-cgroup-rule').map(parseDeviceRule),
    storageOptions: parseKeyValues('storage option', flags.list('storage-opt'), true),
  }
}

function chrootDir(path: string): string {
  const isSafe = path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..')
  if (isSafe) return path.replace(/\/+$/, '')
  throw invalidValue(
    'chroot directory',
    path,
    'Write the absolute path of a folder of the container',
  )
}

function readImageVolumes(text: string): Pick<ContainerOptions, 'imageVolumes'> {
  if (text === 'tmpfs' || text === 'ignore') return { imageVolumes: text }
  // `bind` is podman's older word for the same.
  if (text === 'anonymous' || text === 'bind') return {}
  throw invalidValue('image volumes', text, 'Write anonymous, tmpfs or ignore')
}

function readCdiDevices(flags: ParsedFlags): Pick<ContainerOptions, 'cdiDevices'> {
  const names = [
    ...flags.list('device').filter(isCdiName),
    ...flags.list('gpus').flatMap(parseGpus),
  ]
  return names.length === 0 ? {} : { cdiDevices: [...new Set(names)] }
}

function withDriver(spec: MountSpec, volumeDriver: string): MountSpec {
  return spec.kind === 'volume' ? { ...spec, volumeDriver } : spec
}

function requireDistinct(destinations: readonly string[]): void {
  const seen = new Set<string>()
  for (const destination of destinations) {
    if (seen.has(destination))
      throw new OperationError('INVALID_ARGUMENT', 'mount twice at one place', { destination })
    seen.add(destination)
  }
}
