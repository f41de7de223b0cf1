import type { Device, Resources } from '../../spec/config.ts'
import type { ContainerOptions, DeviceOption } from '../options.ts'
import type { ContainerFacts, HostDevice } from './facts.ts'

type Rule = NonNullable<Resources['devices']>[number]

export interface DevicesSection {
  readonly devices: Device[]
  readonly rules: Rule[]
}

/** null, zero, full, random, urandom, tty, console, ptmx, and every pts. */
const usualDevices = ['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:1', '5:2', '136:']

/**
 * Device nodes beside those that every container has, and the rules of the device cgroup:
 * everything is refused but making nodes (which alone opens nothing), the usual ones, and what
 * was asked for.
 */
export function devicesSection(options: ContainerOptions, facts: ContainerFacts): DevicesSection {
  if (options.security.privileged)
    return { devices: facts.allDevices().map(node), rules: [{ allow: true, access: 'rwm' }] }
  const asked = options.devices.flatMap((option) => placed(option, facts))
  return {
    devices: asked.map(({ device }) => node(device)),
    rules: [
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', access: 'm' },
      { allow: true, type: 'b', access: 'm' },
      ...usualDevices.map(usualRule),
      ...asked.map(({ device: { type, major, minor }, permissions }) => ({
        allow: true,
        type,
        major,
        minor,
        access: permissions,
      })),
      ...options.deviceCgroupRules.map(ownRule),
    ],
  }
}

function placed(
  { hostPath, containerPath, permissions }: DeviceOption,
  { devicesAt }: ContainerFacts,
): { device: HostDevice; permissions: string }[] {
  return devicesAt(hostPath).map((device) => ({
    // A folder brings all that is in it along, under the folder's new name.
    device: { ...device, path: containerPath + device.path.slice(hostPath.length) },
    permissions,
  }))
}

function node({ path, type, major, minor, fileMode, uid, gid }: HostDevice): Device {
  return {
    path,
    type,
    major,
    minor,
    ...(fileMode === undefined ? {} : { fileMode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  }
}

function usualRule(numbers: string): Rule {
  const [major, minor] = numbers.split(':')
  return {
    allow: true,
    type: 'c',
    major: Number(major),
    ...(minor === '' ? {} : { minor: Number(minor) }),
    access: 'rwm',
  }
}

/** A checked --device-cgroup-rule. */
function ownRule(text: string): Rule {
  const [type, numbers = '', access = ''] = text.split(' ')
  const [major = '*', minor = '*'] = numbers.split(':')
  return {
    allow: true,
    type: type === 'b' || type === 'c' ? type : 'a',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  }
}
