/* Exchanges two paths without end, as a hostile container does while somebody copies through one.
 *
 *   swap A B
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3 || write(1, "swapping\n", 9) != 9)
    return 2;
  while (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
    ;
  return 1;
}
