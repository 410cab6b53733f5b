// The engine stays a file of its own, so that a browser can compile it while it loads.
export default { build: { assetsInlineLimit: 0 } };
