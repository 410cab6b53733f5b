import { expect, test } from "@playwright/test";

test("the page loads the engine", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByTestId("engine")).toHaveText("The engine is ready.");
});
