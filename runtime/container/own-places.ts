/** Files and folders that the runtime puts into every container; the names that hold them are not its changes. */
export const ownPlaces = [
  '/dev',
  '/proc',
  '/sys',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/run/.containerenv',
] as const
