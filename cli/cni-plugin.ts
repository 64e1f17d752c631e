import { runCniPlugin } from '../flannel/cni/main.ts';

// What `cli/weft-cni` starts: a runtime waits for it at each container, so that nothing else is loaded.
process.exitCode = await runCniPlugin();
