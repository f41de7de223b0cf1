/** Mount options of the specification that the runtime interprets; all others go to the file system. */
export const mountOptionNames: readonly string[] = words(`
  async atime bind defaults dev diratime dirsync exec idmap iversion lazytime loud mand noatime
  nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid
  nosymfollow private ratime rbind rdev rdiratime relatime remount rexec ridmap rnoatime rnodev
  rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro
  rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave
  strictatime suid symfollow sync tmpcopyup unbindable`)

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
