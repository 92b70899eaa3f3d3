"""Selenium with the distribution's chromedriver."""

import json
import shutil
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from bench.web.steps import EXPECTED, FLAGS, STEPS, serve_form


def main(rounds: int, browser: str) -> None:
    url, _ = serve_form()
    begun = time.perf_counter()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, "--headless"):
        options.add_argument(flag)
    chromedriver = shutil.which("chromedriver")
    if chromedriver is None:
        sys.exit("chromedriver is missing; Debian has it as chromium-driver")
    driver = webdriver.Chrome(service=webdriver.ChromeService(chromedriver), options=options)
    start = (time.perf_counter() - begun) * 1000
    taken = []
    try:
        for _ in range(rounds):
            begun = time.perf_counter()
            one_round(driver, url)
            taken.append((time.perf_counter() - begun) * 1000)
    finally:
        driver.quit()
    print(json.dumps({"start": start, "rounds": taken}))


def one_round(driver: webdriver.Chrome, url: str) -> None:
    for action, *rest in STEPS:
        if action == "goto":
            driver.get(url)
            continue
        spot = driver.find_element(By.ID, rest[0])
        if action == "fill":
            spot.clear()
            spot.send_keys(rest[1])
        elif action == "select":
            Select(spot).select_by_value(rest[1])
        else:
            spot.click()
    if driver.find_element(By.ID, "result").text != EXPECTED:
        raise RuntimeError("the form says something else")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
