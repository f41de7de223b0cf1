/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} folders searched for `*.test.ts`, at any depth
 * @property {(path: string) => boolean} [isOne] whether a file of those folders is one of its files
 * @property {(string | import('./packages.mjs').ProgramPackage)[]} packages Debian packages its tests run programs of
 * @property {boolean} needsRoot its tests make namespaces, mounts and cgroups on this host
 * @property {number} jobs files that run at the same time; 1 where they share host resources
 * @property {number} timeoutSeconds for one file; longer is a hang, and a failure with a name
 * @property {boolean} mayBeEmpty false: a run in which it has no files fails
 * @property {string} [byNameOnly] why a run of all suites leaves it out, and says so
 */

/** What tests that drive the commands run. */
const commandPackages = [
  'busybox-static',
  'iproute2',
  'nftables',
  'curl',
  'procps',
  'uidmap',
  // What leads containers of ordinary users out.
  'slirp4netns',
  'util-linux',
  'openssl',
]

/** Also where it did not come from Debian. */
const kubectl = { program: 'kubectl', package: 'kubernetes-client' }

/** Also where it did not come from Debian. */
const docker = { program: 'docker', package: 'docker.io' }

/** Programs that answers are compared with. */
const peers = ['podman', 'buildah', 'skopeo']

/** What guests are made of and driven with. */
const guestPackages = [
  'qemu-system-x86',
  'apparmor',
  'busybox-static',
  'e2fsprogs',
  'kmod',
  'iproute2',
  'nftables',
  'curl',
  'procps',
  'slirp4netns',
  'uidmap',
]

// What builds, stores and serves images keeps to folders and ports of its own, so that two files can run at the same
// time; so does what looks at its own containers alone. The others watch the host's mounts, namespaces and interfaces, or
// run engines that share state of the host.
const imageFiles = /\/(?:build|image|registry|tasknote)[^/]*$/
const containerFiles =
  /\/(?:api|audit|both-ways|compose|completion|copy|engine|explains-failures|idmapped-volumes|kube-play|life-cycle-(?!killed)|oci-(?!killed|docker|engines)|option-(?:process|podman)|program-run|secrets|security-(?:exec|privileges|users|landlock|state)|selftest)[^/]*$/

/** @param {string} path */
const isHostFile = (path) => !imageFiles.test(path) && !containerFiles.test(path)

/** The suites, in the order in which they run: quick ones first. @type {Suite[]} */
export const suites = [
  {
    name: 'unit',
    folders: [
      'test/native',
      'test/runtime',
      'test/rootfs',
      'test/orchestrator',
      'test/architecture',
      'test/scripts',
    ],
    packages: [],
    needsRoot: false,
    jobs: 2,
    timeoutSeconds: 120,
    mayBeEmpty: false,
  },
  {
    name: 'conformance',
    folders: ['test/conformance'],
    packages: ['busybox-static', 'util-linux', 'iproute2', 'procps', 'curl', kubectl],
    needsRoot: true,
    jobs: 2,
    timeoutSeconds: 300,
    mayBeEmpty: true,
  },
  {
    name: 'images',
    folders: ['test/integration'],
    isOne: (path) => imageFiles.test(path),
    packages: [
      ...commandPackages,
      // Capabilities of files, and what ADD unpacks archives with.
      'libcap2-bin',
      'xz-utils',
      'bzip2',
      ...peers,
      'docker-registry',
      // What TaskNote's images are made of.
      'postgresql',
      'redis-server',
    ],
    needsRoot: true,
    jobs: 2,
    timeoutSeconds: 300,
    mayBeEmpty: false,
  },
  {
    name: 'containers',
    folders: ['test/integration'],
    isOne: (path) => containerFiles.test(path),
    packages: commandPackages,
    needsRoot: true,
    jobs: 2,
    timeoutSeconds: 300,
    mayBeEmpty: false,
  },
  {
    name: 'integration',
    folders: ['test/integration'],
    isOne: isHostFile,
    // docker's clients drive our socket, its daemon our runtime; systemd makes units for it.
    packages: [...commandPackages, ...peers, docker, 'docker-compose', 'systemd'],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 300,
    mayBeEmpty: false,
  },
  {
    name: 'cluster',
    folders: ['test/cluster'],
    packages: [...commandPackages, kubectl, 'postgresql', 'redis-server', 'nginx'],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 300,
    mayBeEmpty: true,
  },
  {
    name: 'chaos',
    folders: ['test/chaos'],
    packages: ['iproute2', 'nftables', 'procps'],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 300,
    mayBeEmpty: false,
  },
  {
    name: 'vm',
    folders: ['test/vm'],
    packages: [...guestPackages, 'debootstrap', 'vagrant'],
    needsRoot: true,
    jobs: 2,
    timeoutSeconds: 960,
    mayBeEmpty: false,
  },
  {
    name: 'machines',
    folders: ['test/machines'],
    packages: [...guestPackages, kubectl],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 600,
    mayBeEmpty: false,
    byNameOnly: 'three virtual machines take four minutes',
  },
  {
    name: 'systemd',
    folders: ['test/systemd'],
    packages: [...guestPackages, kubectl, 'debootstrap'],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 1500,
    mayBeEmpty: false,
    byNameOnly:
      'two virtual machines that systemd boots take ten minutes, and packages from the network',
  },
  {
    name: 'aarch64',
    folders: ['test/aarch64'],
    packages: [
      'qemu-system-arm',
      'gcc-aarch64-linux-gnu',
      'libc6-dev-arm64-cross',
      'e2fsprogs',
      'kmod',
    ],
    needsRoot: true,
    jobs: 1,
    timeoutSeconds: 900,
    mayBeEmpty: false,
    byNameOnly: 'an emulated arm64 machine takes two minutes, and packages of its own',
  },
]
