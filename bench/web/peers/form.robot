*** Settings ***
Library    Browser    enable_presenter_mode=${False}    run_on_failure=${NONE}    auto_closing_level=SUITE
Library    OperatingSystem

*** Test Cases ***
Twelve Steps
    Note The Time
    ${flags}=    Evaluate    $ARGS.split(",")
    New Browser    chromium    headless=${True}    executablePath=${CHROMIUM}    args=${flags}
    New Context
    New Page    about:blank
    Note The Time
    FOR    ${n}    IN RANGE    ${ROUNDS}
        Go To    ${URL}
        Fill Text    id=name    Ada Lovelace
        Fill Text    id=mail    ada@example.org
        Fill Text    id=phone    0301234567
        Fill Text    id=street    Main Street 1
        Fill Text    id=city    Berlin
        Select Options By    id=country    value    DE
        Fill Text    id=qty    3
        Fill Text    id=note    Leave it at the door, please.
        Check Checkbox    id=express
        Check Checkbox    id=terms
        Click    id=send
        Get Text    id=result    ==    ${EXPECTED}
        Note The Time
    END

*** Keywords ***
Note The Time
    ${now}=    Evaluate    time.perf_counter()    modules=time
    Append To File    ${TIMES}    ${now}\n
