import type { WireField } from './wire-format.ts'

// Numbers of CRIU's protocol, images/rpc.proto of its sources. Pure.

/** `criu_req_type` */
export const requestType = { dump: 1, restore: 2, notify: 6, singlePreDump: 13 } as const

/** `criu_req` */
export const requestField = { type: 1, options: 2, notifySuccess: 3 } as const

/** `criu_resp`, and `criu_restore_resp` and `criu_notify` within */
export const responseField = {
  type: 1,
  success: 2,
  restore: 4,
  restoredPid: 1,
  notify: 5,
  script: 1,
  scriptPid: 2,
  message: 9,
} as const

/** `criu_opts` */
export const optionField = {
  imagesFolder: 1,
  pid: 2,
  leaveRunning: 3,
  externalSockets: 4,
  tcpEstablished: 5,
  evasiveDevices: 6,
  shellJob: 7,
  fileLocks: 8,
  logLevel: 9,
  logFile: 10,
  pageServer: 11,
  notifyScripts: 12,
  root: 13,
  parentImages: 14,
  trackMemory: 15,
  autoDedup: 16,
  workFolder: 17,
  manageCgroups: 24,
  cgroupRoot: 25,
  restoreSibling: 26,
  inheritDescriptor: 27,
  cgroupMode: 34,
  external: 37,
  emptyNamespaces: 38,
  tcpSkipInFlight: 46,
  lazyPages: 48,
  statusDescriptor: 49,
  orphanTerminals: 50,
  tcpClose: 52,
  labelProfile: 53,
  mountContext: 63,
} as const

/** `criu_cg_mode` */
export const cgroupModes = { ignore: 0, none: 1, props: 2, soft: 3, full: 4, strict: 5 } as const

export function pageServer(address: string, port: number): WireField {
  return [
    optionField.pageServer,
    [
      [1, address],
      [2, port],
    ],
  ]
}

/** What a descriptor of CRIU's own stands for in the images. */
export function inheritDescriptor(key: string, descriptor: number): WireField {
  return [
    optionField.inheritDescriptor,
    [
      [1, key],
      [2, descriptor],
    ],
  ]
}

/** The group that takes the place of the one that was the container's in a hierarchy; no controllers: v2. */
export function cgroupRoot(controllers: string, path: string): WireField {
  const name: readonly WireField[] = controllers === '' ? [] : [[1, controllers]]
  return [optionField.cgroupRoot, [...name, [2, path]]]
}
