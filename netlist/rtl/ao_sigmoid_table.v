// ao_sigmoid_table: the sigmoid table.
// Page: docs/blocks/output-stage-lanes.md, section 8 (the table of the TFLite int16 reference kernels, a public fact).
module ao_sigmoid_table (
    input  wire [7:0]  index,
    output reg  [15:0] entry
);
    always @*
        case (index)
            8'd0: entry = 16'd32768; 8'd1: entry = 16'd33451; 8'd2: entry = 16'd34133; 8'd3: entry = 16'd34813;
            8'd4: entry = 16'd35493; 8'd5: entry = 16'd36169; 8'd6: entry = 16'd36843; 8'd7: entry = 16'd37513;
            8'd8: entry = 16'd38180; 8'd9: entry = 16'd38841; 8'd10: entry = 16'd39498; 8'd11: entry = 16'd40149;
            8'd12: entry = 16'd40794; 8'd13: entry = 16'd41432; 8'd14: entry = 16'd42064; 8'd15: entry = 16'd42688;
            8'd16: entry = 16'd43304; 8'd17: entry = 16'd43912; 8'd18: entry = 16'd44511; 8'd19: entry = 16'd45102;
            8'd20: entry = 16'd45683; 8'd21: entry = 16'd46255; 8'd22: entry = 16'd46817; 8'd23: entry = 16'd47369;
            8'd24: entry = 16'd47911; 8'd25: entry = 16'd48443; 8'd26: entry = 16'd48964; 8'd27: entry = 16'd49475;
            8'd28: entry = 16'd49975; 8'd29: entry = 16'd50464; 8'd30: entry = 16'd50942; 8'd31: entry = 16'd51409;
            8'd32: entry = 16'd51865; 8'd33: entry = 16'd52311; 8'd34: entry = 16'd52745; 8'd35: entry = 16'd53169;
            8'd36: entry = 16'd53581; 8'd37: entry = 16'd53983; 8'd38: entry = 16'd54374; 8'd39: entry = 16'd54755;
            8'd40: entry = 16'd55125; 8'd41: entry = 16'd55485; 8'd42: entry = 16'd55834; 8'd43: entry = 16'd56174;
            8'd44: entry = 16'd56503; 8'd45: entry = 16'd56823; 8'd46: entry = 16'd57133; 8'd47: entry = 16'd57433;
            8'd48: entry = 16'd57724; 8'd49: entry = 16'd58007; 8'd50: entry = 16'd58280; 8'd51: entry = 16'd58544;
            8'd52: entry = 16'd58800; 8'd53: entry = 16'd59048; 8'd54: entry = 16'd59288; 8'd55: entry = 16'd59519;
            8'd56: entry = 16'd59743; 8'd57: entry = 16'd59959; 8'd58: entry = 16'd60168; 8'd59: entry = 16'd60370;
            8'd60: entry = 16'd60565; 8'd61: entry = 16'd60753; 8'd62: entry = 16'd60935; 8'd63: entry = 16'd61110;
            8'd64: entry = 16'd61279; 8'd65: entry = 16'd61441; 8'd66: entry = 16'd61599; 8'd67: entry = 16'd61750;
            8'd68: entry = 16'd61896; 8'd69: entry = 16'd62036; 8'd70: entry = 16'd62172; 8'd71: entry = 16'd62302;
            8'd72: entry = 16'd62428; 8'd73: entry = 16'd62549; 8'd74: entry = 16'd62666; 8'd75: entry = 16'd62778;
            8'd76: entry = 16'd62886; 8'd77: entry = 16'd62990; 8'd78: entry = 16'd63090; 8'd79: entry = 16'd63186;
            8'd80: entry = 16'd63279; 8'd81: entry = 16'd63368; 8'd82: entry = 16'd63454; 8'd83: entry = 16'd63536;
            8'd84: entry = 16'd63615; 8'd85: entry = 16'd63691; 8'd86: entry = 16'd63765; 8'd87: entry = 16'd63835;
            8'd88: entry = 16'd63903; 8'd89: entry = 16'd63968; 8'd90: entry = 16'd64030; 8'd91: entry = 16'd64090;
            8'd92: entry = 16'd64148; 8'd93: entry = 16'd64204; 8'd94: entry = 16'd64257; 8'd95: entry = 16'd64308;
            8'd96: entry = 16'd64357; 8'd97: entry = 16'd64405; 8'd98: entry = 16'd64450; 8'd99: entry = 16'd64494;
            8'd100: entry = 16'd64536; 8'd101: entry = 16'd64576; 8'd102: entry = 16'd64614; 8'd103: entry = 16'd64652;
            8'd104: entry = 16'd64687; 8'd105: entry = 16'd64721; 8'd106: entry = 16'd64754; 8'd107: entry = 16'd64786;
            8'd108: entry = 16'd64816; 8'd109: entry = 16'd64845; 8'd110: entry = 16'd64873; 8'd111: entry = 16'd64900;
            8'd112: entry = 16'd64926; 8'd113: entry = 16'd64950; 8'd114: entry = 16'd64974; 8'd115: entry = 16'd64997;
            8'd116: entry = 16'd65019; 8'd117: entry = 16'd65039; 8'd118: entry = 16'd65060; 8'd119: entry = 16'd65079;
            8'd120: entry = 16'd65097; 8'd121: entry = 16'd65115; 8'd122: entry = 16'd65132; 8'd123: entry = 16'd65149;
            8'd124: entry = 16'd65164; 8'd125: entry = 16'd65179; 8'd126: entry = 16'd65194; 8'd127: entry = 16'd65208;
            8'd128: entry = 16'd65221; 8'd129: entry = 16'd65234; 8'd130: entry = 16'd65246; 8'd131: entry = 16'd65258;
            8'd132: entry = 16'd65269; 8'd133: entry = 16'd65280; 8'd134: entry = 16'd65291; 8'd135: entry = 16'd65301;
            8'd136: entry = 16'd65310; 8'd137: entry = 16'd65319; 8'd138: entry = 16'd65328; 8'd139: entry = 16'd65337;
            8'd140: entry = 16'd65345; 8'd141: entry = 16'd65352; 8'd142: entry = 16'd65360; 8'd143: entry = 16'd65367;
            8'd144: entry = 16'd65374; 8'd145: entry = 16'd65381; 8'd146: entry = 16'd65387; 8'd147: entry = 16'd65393;
            8'd148: entry = 16'd65399; 8'd149: entry = 16'd65404; 8'd150: entry = 16'd65410; 8'd151: entry = 16'd65415;
            8'd152: entry = 16'd65420; 8'd153: entry = 16'd65425; 8'd154: entry = 16'd65429; 8'd155: entry = 16'd65433;
            8'd156: entry = 16'd65438; 8'd157: entry = 16'd65442; 8'd158: entry = 16'd65445; 8'd159: entry = 16'd65449;
            8'd160: entry = 16'd65453; 8'd161: entry = 16'd65456; 8'd162: entry = 16'd65459; 8'd163: entry = 16'd65462;
            8'd164: entry = 16'd65465; 8'd165: entry = 16'd65468; 8'd166: entry = 16'd65471; 8'd167: entry = 16'd65474;
            8'd168: entry = 16'd65476; 8'd169: entry = 16'd65479; 8'd170: entry = 16'd65481; 8'd171: entry = 16'd65483;
            8'd172: entry = 16'd65485; 8'd173: entry = 16'd65488; 8'd174: entry = 16'd65489; 8'd175: entry = 16'd65491;
            8'd176: entry = 16'd65493; 8'd177: entry = 16'd65495; 8'd178: entry = 16'd65497; 8'd179: entry = 16'd65498;
            8'd180: entry = 16'd65500; 8'd181: entry = 16'd65501; 8'd182: entry = 16'd65503; 8'd183: entry = 16'd65504;
            8'd184: entry = 16'd65505; 8'd185: entry = 16'd65507; 8'd186: entry = 16'd65508; 8'd187: entry = 16'd65509;
            8'd188: entry = 16'd65510; 8'd189: entry = 16'd65511; 8'd190: entry = 16'd65512; 8'd191: entry = 16'd65513;
            8'd192: entry = 16'd65514; 8'd193: entry = 16'd65515; 8'd194: entry = 16'd65516; 8'd195: entry = 16'd65517;
            8'd196: entry = 16'd65517; 8'd197: entry = 16'd65518; 8'd198: entry = 16'd65519; 8'd199: entry = 16'd65520;
            8'd200: entry = 16'd65520; 8'd201: entry = 16'd65521; 8'd202: entry = 16'd65522; 8'd203: entry = 16'd65522;
            8'd204: entry = 16'd65523; 8'd205: entry = 16'd65523; 8'd206: entry = 16'd65524; 8'd207: entry = 16'd65524;
            8'd208: entry = 16'd65525; 8'd209: entry = 16'd65525; 8'd210: entry = 16'd65526; 8'd211: entry = 16'd65526;
            8'd212: entry = 16'd65526; 8'd213: entry = 16'd65527; 8'd214: entry = 16'd65527; 8'd215: entry = 16'd65528;
            8'd216: entry = 16'd65528; 8'd217: entry = 16'd65528; 8'd218: entry = 16'd65529; 8'd219: entry = 16'd65529;
            8'd220: entry = 16'd65529; 8'd221: entry = 16'd65529; 8'd222: entry = 16'd65530; 8'd223: entry = 16'd65530;
            8'd224: entry = 16'd65530; 8'd225: entry = 16'd65530; 8'd226: entry = 16'd65531; 8'd227: entry = 16'd65531;
            8'd228: entry = 16'd65531; 8'd229: entry = 16'd65531; 8'd230: entry = 16'd65531; 8'd231: entry = 16'd65532;
            8'd232: entry = 16'd65532; 8'd233: entry = 16'd65532; 8'd234: entry = 16'd65532; 8'd235: entry = 16'd65532;
            8'd236: entry = 16'd65532; 8'd237: entry = 16'd65533; 8'd238: entry = 16'd65533; 8'd239: entry = 16'd65533;
            8'd240: entry = 16'd65533; 8'd241: entry = 16'd65533; 8'd242: entry = 16'd65533; 8'd243: entry = 16'd65533;
            8'd244: entry = 16'd65533; 8'd245: entry = 16'd65534; 8'd246: entry = 16'd65534; 8'd247: entry = 16'd65534;
            8'd248: entry = 16'd65534; 8'd249: entry = 16'd65534; 8'd250: entry = 16'd65534; 8'd251: entry = 16'd65534;
            8'd252: entry = 16'd65534; 8'd253: entry = 16'd65534; 8'd254: entry = 16'd65534;
            // 65535; not a constant, so that yosys makes gates of the table and no memory
            default: entry = {16{index[0]}};
        endcase
endmodule
