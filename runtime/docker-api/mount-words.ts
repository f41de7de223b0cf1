import { OperationError } from '../../native/error.ts'
import {
  type JsonObject,
  booleanField,
  mapField,
  numberField,
  objectField,
  objectsField,
  textField,
  textsField,
} from './json-fields.ts'
import { each, pairs, word } from './words.ts'

/** The flags for files and devices of the host. */
export function mountWords(body: JsonObject, host: JsonObject): string[] {
  return [
    ...each('volume', textsField(host, 'Binds')),
    ...volumesAlone(body, host),
    ...each('mount', objectsField(host, 'Mounts').map(mountText)),
    ...Object.entries(mapField(host, 'Tmpfs')).flatMap(([path, options]) => [
      '--tmpfs',
      options === '' ? path : `${path}:${options}`,
    ]),
    ...each('volumes-from', textsField(host, 'VolumesFrom')),
    ...word('volume-driver', textField(host, 'VolumeDriver')),
    ...word('shm-size', numberField(host, 'ShmSize')),
    ...objectsField(host, 'Devices').flatMap((device) => ['--device', deviceText(device)]),
    ...each('device-cgroup-rule', textsField(host, 'DeviceCgroupRules')),
    ...pairs('storage-opt', mapField(host, 'StorageOpt')),
  ]
}

/** `Volumes` has anonymous ones, and what `Binds` says again. */
function volumesAlone(body: JsonObject, host: JsonObject): string[] {
  const taken = new Set([
    ...textsField(host, 'Binds').map((bind) => bind.split(':')[1]),
    ...objectsField(host, 'Mounts').map((mount) => textField(mount, 'Target')),
    ...Object.keys(objectField(host, 'Tmpfs')),
  ])
  const volumes = Object.keys(objectField(body, 'Volumes')).filter((path) => !taken.has(path))
  return each('volume', volumes)
}

function deviceText(device: JsonObject): string {
  const path = textField(device, 'PathOnHost') ?? ''
  const inside = textField(device, 'PathInContainer') ?? path
  return `${path}:${inside}:${textField(device, 'CgroupPermissions') ?? 'rwm'}`
}

/** As `--mount` has it, with quotes where there are commas. */
function mountText(mount: JsonObject): string {
  const type = textField(mount, 'Type') ?? 'volume'
  const bind = objectField(mount, 'BindOptions')
  const volume = objectField(mount, 'VolumeOptions')
  const tmpfs = objectField(mount, 'TmpfsOptions')
  const driver = objectField(volume, 'DriverConfig')
  const mode = numberField(tmpfs, 'Mode')
  const fields: readonly (readonly [string, string | number | undefined])[] = [
    ['type', type],
    ['source', textField(mount, 'Source')],
    ['target', textField(mount, 'Target')],
    ['readonly', booleanField(mount, 'ReadOnly') ? 'true' : undefined],
    ['bind-propagation', textField(bind, 'Propagation')],
    ['bind-nonrecursive', booleanField(bind, 'NonRecursive') ? 'true' : undefined],
    ['bind-create-src', booleanField(bind, 'CreateMountpoint') ? 'true' : undefined],
    ['volume-nocopy', booleanField(volume, 'NoCopy') ? 'true' : undefined],
    ['volume-subpath', textField(volume, 'Subpath')],
    ['volume-driver', textField(driver, 'Name')],
    ...repeated('volume-label', mapField(volume, 'Labels')),
    ...repeated('volume-opt', mapField(driver, 'Options')),
    ['tmpfs-size', numberField(tmpfs, 'SizeBytes')],
    ['tmpfs-mode', mode?.toString(8)],
  ]
  return fields
    .flatMap(([key, value]) => (value === undefined ? [] : [field(key, value)]))
    .join(',')
}

function repeated(
  key: string,
  values: Readonly<Record<string, string>>,
): (readonly [string, string])[] {
  return Object.entries(values).map(([name, value]) => [key, `${name}=${value}`])
}

function field(key: string, value: string | number): string {
  const text = `${key}=${value}`
  if (/[\n\r\0]/.test(text))
    throw new OperationError('INVALID_ARGUMENT', 'read a mount', { field: key })
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
