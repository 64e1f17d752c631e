// The bare limit: the same files as the agent reads, at the same pace, by a loop that does nothing else.
// Reads lines "fast PATH" and "slow PATH" from standard input, then reads fast ones each second and a fifth of the slow ones,
// for argv[1] seconds. Prints the CPU time of that in nanoseconds a second.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long cpu_nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? atoi(argv[1]) : 10;
  static int fast[200000], slow[200000];
  static char line[4096], buffer[131072];
  int fasts = 0, slows = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    const int fd = open(line + 5, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    if (line[0] == 'f') {
      fast[fasts++] = fd;
    } else {
      slow[slows++] = fd;
    }
  }
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  long long sum = 0;
  for (int tick = 0; tick < seconds + 5; ++tick) {
    // The first five warm up, as the agent does.
    if (tick == 5) sum = cpu_nanos();
    for (int i = 0; i < fasts; ++i)
      if (pread(fast[i], buffer, sizeof buffer, 0) < 0) buffer[0] = 0;
    for (int i = tick % 5; i < slows; i += 5)
      if (pread(slow[i], buffer, sizeof buffer, 0) < 0) buffer[0] = 0;
    ++due.tv_sec;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
  printf("%lld %d %d\n", (cpu_nanos() - sum) / seconds, fasts, slows);
  return 0;
}
