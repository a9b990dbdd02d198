// A disk whose power can be cut: a loop-mounted file system, shut down so that what was not synced is gone.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type DiskKind = 'ext4' | 'xfs';
export const DISK_KINDS: readonly DiskKind[] = ['ext4', 'xfs'];

/** xfs wants 300 MB at least. */
const MEGABYTES = 320;
/** FS_IOC_SHUTDOWN with FS_SHUTDOWN_FLAGS_NOLOGFLUSH: everything fails from now on, nothing more is written. */
const SHUTDOWN = 'open(F, "<", $ARGV[0]) or die "open: $!"; my $f = pack("L", 2); ioctl(F, 0x8004587d, $f) or die "ioctl: $!"';
const UNMOUNT_TRIES = 100;

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
}

/** Unmounts at once, whoever has a file of it open; what is not mounted is left as it is. */
function leave(folder: string): void {
  if (readFileSync('/proc/mounts', 'utf8').includes(` ${folder} `)) run('umount', '-l', folder);
}

const pause = (ms: number): Promise<void> => new Promise((done) => { setTimeout(done, ms); });

/** Where the images are, in memory: what the file system under test has not written is lost all the same. */
export class PowerBench {
  readonly folder: string;
  readonly #disks: PowerDisk[] = [];
  #mounted = false;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-power-'));
    // Nothing stays mounted, however the test ends.
    process.once('exit', () => this.remove());
  }

  /** Mounted and empty. Throws where that is not permitted, or its tools are missing. */
  async disk(kind: DiskKind): Promise<PowerDisk> {
    const images = join(this.folder, 'images');
    if (!this.#mounted) {
      mkdirSync(images);
      run('mount', '-t', 'tmpfs', '-o', `size=${MEGABYTES * (DISK_KINDS.length + 1)}m`, 'tmpfs', images);
      this.#mounted = true;
    }
    const disk = new PowerDisk(kind, join(images, kind), join(this.folder, kind));
    this.#disks.push(disk);
    await disk.cut();
    await disk.restore();
    return disk;
  }

  remove(): void {
    for (const disk of this.#disks) leave(disk.folder);
    if (this.#mounted) leave(join(this.folder, 'images'));
    this.#mounted = false;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class PowerDisk {
  readonly kind: DiskKind;
  /** Where it is mounted. */
  readonly folder: string;
  readonly #image: string;

  /** Makes and mounts it. */
  constructor(kind: DiskKind, image: string, folder: string) {
    this.kind = kind;
    this.folder = folder;
    this.#image = image;
    mkdirSync(folder);
    writeFileSync(image, '');
    truncateSync(image, MEGABYTES << 20);
    run(`mkfs.${kind}`, ...(kind === 'ext4' ? ['-q', '-F'] : ['-q', '-f']), image);
    this.#mount();
  }

  #mount(): void {
    run('mount', '-t', this.kind, '-o', 'loop', this.#image, this.folder);
  }

  /** Others go on while it is done; writes that are not on disk by then never will be. */
  cut(): Promise<void> {
    return new Promise((done, fail) => {
      execFile('perl', ['-e', SHUTDOWN, this.folder], (error, _, stderr) => {
        if (error === null) done();
        else fail(new Error(`${this.kind}: ${stderr || error.message}`));
      });
    });
  }

  /** Power is back: what the file system finds is there. Requires: nobody has a file of it open for long. */
  async restore(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        run('umount', this.folder);
        break;
      } catch (error) {
        if (tries === UNMOUNT_TRIES) throw error;
        await pause(20);
      }
    }
    this.#mount();
  }
}
